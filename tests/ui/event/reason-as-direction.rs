//! A reason is used as a direction.

use disconnect_core::{Disconnect, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_direction(DisconnectReason::Graceful);
}
