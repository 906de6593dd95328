//! The message is a constant, not a literal.

use disconnect_core::{DisconnectReason, disconnected};

const MESSAGE: &str = "session closed";

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, MESSAGE);
}
