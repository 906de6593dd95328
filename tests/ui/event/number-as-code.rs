//! A bare number is used as a protocol code.

use disconnect_core::{Disconnect, DisconnectReason};

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_code(1001);
}
