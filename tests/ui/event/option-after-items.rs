//! An option comes after an item.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, level: DEBUG, "session closed");
}
