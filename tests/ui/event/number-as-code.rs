//! A bare number stands where a protocol code belongs.

use disconnect_core::{Disconnect, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).code(1001);
}
