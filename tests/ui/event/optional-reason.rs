//! The reason slot takes no option: a line without a reason says nothing.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = Some(DisconnectReason::Graceful), "session closed");
}
