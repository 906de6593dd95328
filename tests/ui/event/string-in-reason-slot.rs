//! A string is in the reason slot.

use disconnect_core::disconnected;

fn main() {
    disconnected!(reason = "graceful", "session closed");
}
