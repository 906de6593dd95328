//! The first item is a category, without the slot it belongs to.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(DisconnectReason::Graceful, "session closed");
}
