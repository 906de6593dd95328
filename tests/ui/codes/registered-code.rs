//! 3000 is registered, and means `UNAUTHORIZED`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(3000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
