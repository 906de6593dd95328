//! The kind of goodbye comes first.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(cause = Restart)]
    Done,
}

fn main() {}
