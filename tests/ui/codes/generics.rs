//! A set of codes has no generics.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway<const N: usize> {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
    #[code(4001)]
    #[goodbye(Closed)]
    Other,
}

fn main() {}
