//! Another code is another variant.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[code(4001)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
