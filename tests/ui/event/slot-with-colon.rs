//! A slot takes `=`, not `:`.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason: DisconnectReason::Graceful, "session closed");
}
