//! Whether a goodbye is `graceful` depends on the role of its sender.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Graceful)]
    Done,
}

fn main() {}
