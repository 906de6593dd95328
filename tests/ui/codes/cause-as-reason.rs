//! A cause is no reason.

use disconnect_core::{DisconnectCause, DisconnectCode};

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(DisconnectCause::Reset)]
    Done,
}

fn main() {}
