//! An SQLSTATE is a text.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(sqlstate)]
enum Database {
    #[code(8006)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
