//! `#[evidence]` is given twice.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
#[evidence(crate = disconnect_core)]
#[evidence(crate = disconnect_core)]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
}

fn main() {}
