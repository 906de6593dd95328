//! There is no record and no slot.

use disconnect_core::disconnected;

fn main() {
    disconnected!("session closed");
}
