//! A text is not empty.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("gateway")]
enum Gateway {
    #[code("")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
