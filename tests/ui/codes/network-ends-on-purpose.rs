//! The network stops no workspace.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(WorkspaceStopped, side = Network)]
    Done,
}

fn main() {}
