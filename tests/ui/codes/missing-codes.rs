//! The codes have no protocol.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
