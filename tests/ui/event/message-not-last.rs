//! A field comes after the message.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, "session closed", session_id = 7);
}
