//! Nothing says what the code means.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    Done,
}

fn main() {}
