//! An initiator is used as a reason.

use disconnect_core::{Disconnect, DisconnectInitiator};

fn main() {
    let _ = Disconnect::new(DisconnectInitiator::Client);
}
