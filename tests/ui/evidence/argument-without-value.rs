//! An argument has no value.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, side =, cause = Reset)]
    Heartbeat,
}

fn main() {}
