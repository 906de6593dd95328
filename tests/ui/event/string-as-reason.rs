//! A string is used as a reason.

use disconnect_core::Disconnect;

fn main() {
    let _ = Disconnect::new("network error");
}
