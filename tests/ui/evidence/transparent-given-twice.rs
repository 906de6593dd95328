//! `#[transparent]` is given twice.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[transparent]
    #[transparent]
    Io(#[from] std::io::Error),
}

fn main() {}
