//! A number does not say what it is a code of.

use disconnect_core::Endpoint;

fn main() {
    let end = Endpoint::SERVER_FACING_CLIENT.received(4000);
    println!("{end:?}");
}
