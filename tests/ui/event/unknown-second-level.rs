//! `WARNING` was meant as `WARN`.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level: DEBUG | WARNING, reason = DisconnectReason::Graceful, "session closed");
}
