//! `#[cods]` is no attribute.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[cods(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
