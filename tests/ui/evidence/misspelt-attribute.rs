//! `#[reasn]` was meant as `#[reason]`: one error.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reasn(NetworkError)]
    Heartbeat,
}

fn main() {}
