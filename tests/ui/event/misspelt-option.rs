//! `levle:` was meant as `level:`.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(levle: DEBUG, reason = DisconnectReason::Graceful, "session closed");
}
