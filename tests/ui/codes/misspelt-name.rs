//! `nme` was meant as `name`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000, nme = "done")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
