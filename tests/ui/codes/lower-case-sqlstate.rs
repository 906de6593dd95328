//! An SQLSTATE is written in upper case.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(sqlstate)]
enum Database {
    #[code("myap1")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
