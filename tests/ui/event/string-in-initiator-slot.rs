//! A string is in the initiator slot.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, initiator = "client", "session closed");
}
