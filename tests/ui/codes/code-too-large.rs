//! A number has at most 62 bits.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("gateway")]
enum Gateway {
    #[code(0x7fff_ffff_ffff_ffff)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
