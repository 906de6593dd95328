//! An own field has a key of the event.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, disconnect_initiator = "client", "session closed");
}
