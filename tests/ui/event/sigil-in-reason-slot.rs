//! The reason is written with a sigil, as if it were text.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = %DisconnectReason::Graceful, "session closed");
}
