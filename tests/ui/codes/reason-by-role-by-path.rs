//! The same by its path.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(disconnect_core::DisconnectReason::ServerShutdown)]
    Done,
}

fn main() {}
