//! A field has the key of the message, by a constant.

use disconnect_core::{DisconnectReason, disconnected};

const KEY: &str = "message";

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, { KEY } = "closed", "session closed");
}
