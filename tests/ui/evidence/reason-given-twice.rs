//! One variant, two reasons.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError)]
    #[reason(ProtocolError, side = Remote)]
    Heartbeat,
}

fn main() {}
