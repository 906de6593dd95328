//! Nothing says what these are codes of.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
