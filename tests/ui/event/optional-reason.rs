//! The reason slot takes no option: a line needs a reason.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = Some(DisconnectReason::Graceful), "session closed");
}
