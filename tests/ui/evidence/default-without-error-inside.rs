//! The default of an enum is the error inside, and a variant has none.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
#[transparent]
enum SessionEnd {
    Io(std::io::Error),
    Timeout,
}

fn main() {}
