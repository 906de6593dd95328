//! A code needs its protocol.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(ProtocolError, code = 1002)]
    BadFrame,
}

fn main() {}
