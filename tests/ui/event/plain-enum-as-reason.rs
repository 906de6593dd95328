//! An enum without the derive stands where a reason belongs.

use disconnect_core::Disconnect;

enum Why {
    Quit,
}

fn main() {
    let _ = Disconnect::new(Why::Quit);
}
