//! A bare number stands where a protocol code belongs.

use disconnect_core::{Disconnect, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_code(1001);
}
