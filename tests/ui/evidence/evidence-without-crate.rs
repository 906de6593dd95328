//! `#[evidence]` takes the path of the core.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
#[evidence(disconnect_core)]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
}

fn main() {}
