//! A reason is used as the cause.

use disconnect_core::DisconnectEvidence;
use disconnect_core::DisconnectReason;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, cause = DisconnectReason::NetworkError)]
    Heartbeat,
}

fn main() {}
