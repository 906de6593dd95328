//! The code is an argument of the reason.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, code = Code::websocket(4000))]
    Done,
}

fn main() {}
