//! A slot is given by a local of its name alone.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    let initiator = DisconnectInitiator::Client;
    disconnected!(reason = DisconnectReason::Graceful, initiator, "session closed");
}
