//! The initiator is written with a sigil, as if it were text.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, initiator = ?DisconnectInitiator::Client, "session closed");
}
