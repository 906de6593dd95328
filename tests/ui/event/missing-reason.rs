//! No slot is the reason.

use disconnect_core::{DisconnectInitiator, disconnected};

fn main() {
    disconnected!(initiator = DisconnectInitiator::Client, "session closed");
}
