//! A bare number is in the code slot.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, code = 1001, "session closed");
}
