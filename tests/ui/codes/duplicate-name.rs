//! Two codes have one name.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
    #[code(4001, name = "done")]
    #[goodbye(GoingAway)]
    Leaving,
}

fn main() {}
