//! A cause is in the method slot.

use disconnect_core::{DisconnectCause, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, method = DisconnectCause::Reset, "session closed");
}
