//! A category is logged under an own key, where tracing takes it for a plain value.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, who = DisconnectInitiator::Client, "session closed");
}
