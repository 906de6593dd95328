//! The level is written in lower case.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level: debug, reason = DisconnectReason::Graceful, "session closed");
}
