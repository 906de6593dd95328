//! A group does not say which fields it logs.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let build = Some("build");
    disconnected!(reason = DisconnectReason::Graceful, group(build), "session closed");
}
