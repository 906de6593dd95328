//! `#[codes]` was meant as `#[code]`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[codes(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
