//! A goodbye is its sender's.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed, side = Receiver)]
    Done,
}

fn main() {}
