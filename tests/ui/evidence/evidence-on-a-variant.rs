//! `#[evidence]` is about the whole type.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError)]
    #[evidence(crate = disconnect_core)]
    Heartbeat,
}

fn main() {}
