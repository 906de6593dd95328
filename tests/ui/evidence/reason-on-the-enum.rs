//! Each variant has a verdict of its own.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
#[reason(NetworkError)]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
}

fn main() {}
