//! A category stands under a key of the site's own, where tracing takes it for a plain value.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, who = DisconnectInitiator::Client, "session closed");
}
