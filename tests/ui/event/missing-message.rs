//! There is no message.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful);
}
