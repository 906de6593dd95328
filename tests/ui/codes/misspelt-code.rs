//! `#[cod]` is no attribute.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[cod(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
