//! The message comes first.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!("session closed", reason = DisconnectReason::Graceful);
}
