//! An initiator is used as a method.

use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_method(DisconnectInitiator::Client);
}
