//! 1000 to 2999 belong to the standard.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(1500)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
