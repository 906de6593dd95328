//! A union has no variants.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
union Gateway {
    code: u16,
}

fn main() {}
