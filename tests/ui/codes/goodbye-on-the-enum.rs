//! Each code has its own meaning.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
#[goodbye(Closed)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
