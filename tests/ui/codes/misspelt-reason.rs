//! `NetworkEror` was meant as `NetworkError`.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[reason(NetworkEror)]
    Done,
}

fn main() {}
