//! A code belongs to one protocol.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
#[codes(quic_application)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
