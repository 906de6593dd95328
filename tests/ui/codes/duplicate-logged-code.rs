//! A number and a text that are logged alike.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("gateway")]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
    #[code("4000")]
    #[goodbye(GoingAway)]
    Leaving,
}

fn main() {}
