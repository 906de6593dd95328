//! A comma with nothing before it.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(, reason = DisconnectReason::Graceful, "session closed");
}
