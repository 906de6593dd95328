//! The level does not exist.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level: FATAL, reason = DisconnectReason::Graceful, "session closed");
}
