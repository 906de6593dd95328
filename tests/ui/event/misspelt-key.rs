//! A key of the event is misspelt, and would be an own field.

use disconnect_core::{Disconnect, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, disconnect_reson = "graceful", connection_metod = "direct", "session closed");
}
