//! `Sendr` was meant as `Sender`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, side = Sendr)]
    Done,
}

fn main() {}
