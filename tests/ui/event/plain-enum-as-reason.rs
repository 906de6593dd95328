//! An enum without the derive is used as a reason.

use disconnect_core::Disconnect;

enum Why {
    Quit,
}

fn main() {
    let _ = Disconnect::new(Why::Quit);
}
