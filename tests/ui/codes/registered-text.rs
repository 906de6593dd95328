//! 57P01 is registered, and no goodbye.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(sqlstate)]
enum Database {
    #[code("57P01")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
