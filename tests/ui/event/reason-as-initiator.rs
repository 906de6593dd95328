//! A reason is used as an initiator.

use disconnect_core::{Disconnect, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_initiator(DisconnectReason::Graceful);
}
