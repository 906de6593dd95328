//! `sied` was meant as `side`.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, sied = Network)]
    Heartbeat,
}

fn main() {}
