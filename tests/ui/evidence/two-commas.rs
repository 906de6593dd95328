//! There is nothing between two commas.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError,, side = Network)]
    Heartbeat,
}

fn main() {}
