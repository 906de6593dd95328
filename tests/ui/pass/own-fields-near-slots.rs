//! Own fields whose names are one edit away from a slot but legitimate, and quoted ones.

use disconnect_core::{Disconnect, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, node = 1, mode = 2, codec = 3, core = 4, "session closed");
    disconnected!(reason = DisconnectReason::Graceful, "methods" = 3, "initator" = "me", "session closed");
    disconnected!(reason = DisconnectReason::Graceful, session = 1, region = "eu", details.size = 3, "session closed");

    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, node = 1, methods = 3, resaon = "honest here", "session closed");
}
