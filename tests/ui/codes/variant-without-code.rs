//! A variant is one code.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[goodbye(Closed)]
    Done,
}

fn main() {}
