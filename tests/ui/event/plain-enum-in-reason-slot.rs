//! An enum without the derive is in the reason slot.

use disconnect_core::disconnected;

enum Why {
    Quit,
}

fn main() {
    disconnected!(reason = Why::Quit, "session closed");
}
