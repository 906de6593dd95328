//! One slot is given twice.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, reason = DisconnectReason::Unknown, "session closed");
}
