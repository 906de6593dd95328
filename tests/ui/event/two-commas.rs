//! Two commas with nothing between them.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, , "session closed");
}
