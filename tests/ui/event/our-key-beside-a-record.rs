//! A field beside a record has a key of the event.

use disconnect_core::{Disconnect, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, disconnect_initiator = "client", "session closed");
}
