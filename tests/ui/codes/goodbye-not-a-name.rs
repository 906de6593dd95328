//! The kind of a goodbye is a name, not a text.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye("closed")]
    Done,
}

fn main() {}
