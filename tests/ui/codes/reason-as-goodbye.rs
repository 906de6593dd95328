//! The reason follows from the role.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(ServerShutdown)]
    Done,
}

fn main() {}
