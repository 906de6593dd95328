//! The default of an enum is the inner error, and a variant has none.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
#[transparent]
enum SessionEnd {
    Io(std::io::Error),
    Timeout,
}

fn main() {}
