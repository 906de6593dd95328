//! A field has the key of the expected flag.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, disconnect_expected = true, "session closed");
}
