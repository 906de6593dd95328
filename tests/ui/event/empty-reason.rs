//! The reason has no value.

use disconnect_core::disconnected;

fn main() {
    disconnected!(reason = , "session closed");
}
