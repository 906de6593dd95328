//! The message stands first, with its arguments behind it.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let id = 7;
    disconnected!("session {} closed", id, reason = DisconnectReason::Graceful);
}
