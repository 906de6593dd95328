//! `#[codes]` needs the protocol.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
