//! `cuase` was meant as `cause`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, cuase = Auth)]
    Done,
}

fn main() {}
