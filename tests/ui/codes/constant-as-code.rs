//! The derive has to see the code.

use disconnect_core::DisconnectCode;

const DONE: u16 = 4000;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(DONE)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
