//! `Timeuot` was meant as `Timeout`.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, rank = Timeuot)]
    Heartbeat,
}

fn main() {}
