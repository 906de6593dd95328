//! The type in `field(Type = ...)` is no category enum: reported at the type, and for the line as a whole.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, field(u8 = 7), "session closed");
}
