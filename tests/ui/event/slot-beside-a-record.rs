//! A slot is next to a record, which has its own.

use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, initiator = DisconnectInitiator::Client, "session closed");
}
