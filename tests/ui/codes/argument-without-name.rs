//! `Auth` says not what it is.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, Auth)]
    Done,
}

fn main() {}
