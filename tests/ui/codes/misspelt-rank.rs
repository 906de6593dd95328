//! `Timout` was meant as `Timeout`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(NetworkError, rank = Timout)]
    Done,
}

fn main() {}
