//! A group logs nothing of its value.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let build = Some("build");
    disconnected!(reason = DisconnectReason::Graceful, group(build =>), "session closed");
}
