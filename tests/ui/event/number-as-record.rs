//! The first item is a number, and no record.

use disconnect_core::disconnected;

fn main() {
    disconnected!(7, "session closed");
}
