//! A rank is a name, not a number.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, rank = 3)]
    Heartbeat,
}

fn main() {}
