//! There is no argument of this name.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, detail = "gone")]
    Heartbeat,
}

fn main() {}
