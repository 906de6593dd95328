//! A goodbye is stated.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed, rank = Transport)]
    Done,
}

fn main() {}
