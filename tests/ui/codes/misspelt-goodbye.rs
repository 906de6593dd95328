//! `Close` was meant as `Closed`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Close)]
    Done,
}

fn main() {}
