//! A name is one word.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000, name = "all done")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
