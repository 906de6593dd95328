//! A string stands in the reason slot.

use disconnect_core::disconnected;

fn main() {
    disconnected!(reason = "graceful", "session closed");
}
