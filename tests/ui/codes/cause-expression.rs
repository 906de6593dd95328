//! A code has no fields that a cause could depend on.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, cause = (why()))]
    Done,
}

fn main() {}
