//! The detail is no text.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, detail = 7, "session closed");
}
