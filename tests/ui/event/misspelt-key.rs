//! A key of the event is misspelt, and would be a field of the site's own.

use disconnect_core::{Disconnect, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, disconnect_reson = "graceful", connection_metod = "direct", "session closed");
}
