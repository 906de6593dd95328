//! Who says it decides whether it is `graceful`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Graceful)]
    Done,
}

fn main() {}
