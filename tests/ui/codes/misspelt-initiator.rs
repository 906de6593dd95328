//! `Servr` was meant as `Server`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed, by = Servr)]
    Done,
}

fn main() {}
