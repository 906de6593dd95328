//! The level is a local: a callsite is a static.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let level = tracing::Level::DEBUG;
    disconnected!(level: level, reason = DisconnectReason::Graceful, "session closed");
}
