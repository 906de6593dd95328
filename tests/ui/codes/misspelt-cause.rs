//! `Auht` was meant as `Auth`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, cause = Auht)]
    Done,
}

fn main() {}
