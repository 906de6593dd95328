//! `#[transparent]` takes no arguments.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[transparent(source)]
    Io(#[from] std::io::Error),
}

fn main() {}
