//! The call is empty.

use disconnect_core::disconnected;

fn main() {
    disconnected!();
}
