//! A name is a text.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000, name = done)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
