//! A side is a name.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(ProtocolError, side = "remote")]
    BadFrame,
}

fn main() {}
