//! A slot stands beside a record, which has its own.

use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, initiator = DisconnectInitiator::Client, "session closed");
}
