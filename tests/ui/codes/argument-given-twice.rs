//! One cause is enough.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(Unknown, cause = Auth, cause = Policy)]
    Done,
}

fn main() {}
