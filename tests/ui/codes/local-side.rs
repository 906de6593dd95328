//! A code does not know which side is local.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, side = Local)]
    Done,
}

fn main() {}
