//! The inner field is not an error.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[transparent]
    Text(String),
}

fn main() {}
