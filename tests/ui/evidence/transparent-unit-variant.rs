//! There is nothing inside to be transparent to.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
    #[transparent]
    Timeout,
}

fn main() {}
