//! A code has one meaning.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    #[reason(Unknown)]
    Done,
}

fn main() {}
