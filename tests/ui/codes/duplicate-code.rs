//! Hexadecimal or not, it is the same code.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
    #[code(0xfa0)]
    #[goodbye(GoingAway)]
    Leaving,
}

fn main() {}
