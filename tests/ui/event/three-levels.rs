//! There are two kinds of ends, and three levels.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level: DEBUG | INFO | WARN, reason = DisconnectReason::Graceful, "session closed");
}
