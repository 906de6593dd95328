//! The message is written twice, once as a field.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, message = "bye", "session closed");
}
