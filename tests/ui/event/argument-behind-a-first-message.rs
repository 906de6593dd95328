//! The message comes first, with its arguments after it.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let id = 7;
    disconnected!("session {} closed", id, reason = DisconnectReason::Graceful);
}
