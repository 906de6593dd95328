//! What a field of a group logs does not begin with the value.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let build = Some("build");
    disconnected!(reason = DisconnectReason::Graceful, group(build => length = len() + 1), "session closed");
}
