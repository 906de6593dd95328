//! A text is short.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("gateway")]
enum Gateway {
    #[code("the-connection-was-closed-by-the-server")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
