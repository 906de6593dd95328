//! An item is an expression without a name.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, 1 + 2, "session closed");
}
