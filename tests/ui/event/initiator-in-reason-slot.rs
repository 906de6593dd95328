//! An initiator is in the reason slot.

use disconnect_core::{DisconnectInitiator, disconnected};

fn main() {
    disconnected!(reason = DisconnectInitiator::Client, "session closed");
}
