//! The name of a protocol is part of what is logged.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("Discord Gateway")]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
