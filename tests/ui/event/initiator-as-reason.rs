//! An initiator stands where a reason belongs.

use disconnect_core::{Disconnect, DisconnectInitiator};

fn main() {
    let _ = Disconnect::new(DisconnectInitiator::Client);
}
