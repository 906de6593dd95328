//! There is nothing at all.

use disconnect_core::disconnected;

fn main() {
    disconnected!();
}
