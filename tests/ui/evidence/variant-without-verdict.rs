//! A variant has no meaning.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
    BadFrame(u8),
}

fn main() {}
