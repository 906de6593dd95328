//! A field under a constant has a key of the event.

use disconnect_core::{DisconnectReason, disconnected};

const KEY: &str = "connection_method";

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, { KEY } = "derp", "session closed");
}
