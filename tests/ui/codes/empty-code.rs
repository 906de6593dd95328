//! `#[code()]` needs the code.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code()]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
