//! A struct has no variants.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
struct Gateway;

fn main() {}
