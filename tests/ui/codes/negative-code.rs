//! No close code is negative.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(-4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
