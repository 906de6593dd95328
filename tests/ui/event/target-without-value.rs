//! The target has no value.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(target: , reason = DisconnectReason::Graceful, "session closed");
}
