//! An initiator is in the direction slot.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, direction = DisconnectInitiator::Agent, "session closed");
}
