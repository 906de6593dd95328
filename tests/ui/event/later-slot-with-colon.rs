//! A later slot takes `=`, not `:`.

use disconnect_core::{DisconnectInitiator, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, initiator: DisconnectInitiator::Client, "session closed");
}
