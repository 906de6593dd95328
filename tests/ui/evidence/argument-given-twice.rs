//! One argument is given twice.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, side = Network, side = Remote)]
    Heartbeat,
}

fn main() {}
