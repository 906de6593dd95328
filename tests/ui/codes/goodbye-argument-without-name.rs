//! An argument behind the goodbye has a name.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(GoingAway, Restart)]
    Done,
}

fn main() {}
