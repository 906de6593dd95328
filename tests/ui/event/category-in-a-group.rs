//! A category is in a group.

use disconnect_core::{ConnectionMethod, DisconnectReason, disconnected};

fn main() {
    let build = Some("build");
    disconnected!(
        reason = DisconnectReason::Graceful,
        group(build => field(ConnectionMethod = ConnectionMethod::Direct)),
        "session closed"
    );
}
