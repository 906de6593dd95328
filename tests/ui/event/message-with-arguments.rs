//! The message takes no arguments.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, "session {} closed", 7);
}
