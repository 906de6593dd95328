//! `#[goodbye]` needs the kind.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye]
    Done,
}

fn main() {}
