//! A reason stands where a direction belongs.

use disconnect_core::{Disconnect, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).direction(DisconnectReason::Graceful);
}
