//! `initator` was meant as `initiator`.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, initator = DisconnectInitiator::Client, "session closed");
}
