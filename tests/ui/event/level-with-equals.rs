//! `level =` was meant as an option: the level is not a field.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level = DEBUG, reason = DisconnectReason::Graceful, "session closed");
}
