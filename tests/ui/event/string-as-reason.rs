//! A string stands where a reason belongs.

use disconnect_core::Disconnect;

fn main() {
    let _ = Disconnect::new("network error");
}
