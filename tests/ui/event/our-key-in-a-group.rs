//! Fields of a group have keys of the event.

use disconnect_core::{Disconnect, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    let build = Some("build");
    disconnected!(end, group(build => disconnect_code = len(), message = len()), "session closed");
}
