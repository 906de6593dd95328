//! One option is given twice.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level: DEBUG, level: INFO, reason = DisconnectReason::Graceful, "session closed");
}
