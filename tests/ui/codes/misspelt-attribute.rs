//! `#[godbye]` is no attribute.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[godbye(Closed)]
    Done,
}

fn main() {}
