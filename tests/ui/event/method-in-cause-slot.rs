//! A method is in the cause slot.

use disconnect_core::{ConnectionMethod, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, cause = ConnectionMethod::Derp, "session closed");
}
