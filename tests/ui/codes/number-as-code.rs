//! A number has no protocol.

use disconnect_core::Endpoint;

fn main() {
    let end = Endpoint::SERVER_FACING_CLIENT.received(4000);
    println!("{end:?}");
}
