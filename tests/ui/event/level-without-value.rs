//! The option has no value.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level: , reason = DisconnectReason::Graceful, "session closed");
}
