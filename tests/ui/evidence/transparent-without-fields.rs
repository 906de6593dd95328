//! `#[transparent]` on a variant without an inner error.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
    #[transparent]
    Timeout(),
}

fn main() {}
