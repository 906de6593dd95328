//! A code says of which protocol it is.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(ProtocolError, code = 1002)]
    BadFrame,
}

fn main() {}
