//! A code is copied.

use disconnect_core::DisconnectCode;

#[derive(DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
