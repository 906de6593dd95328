//! An enum whose variants have no meaning.

use disconnect_core::Endpoint;

#[derive(Clone, Copy)]
enum Gateway {
    Done = 4000,
}

fn main() {
    let end = Endpoint::SERVER_FACING_CLIENT.sent(Gateway::Done);
    println!("{end:?}");
}
