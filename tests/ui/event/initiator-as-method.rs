//! An initiator stands where a method belongs.

use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_method(DisconnectInitiator::Client);
}
