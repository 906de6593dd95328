//! The option does not exist.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(span: "x", reason = DisconnectReason::Graceful, "session closed");
}
