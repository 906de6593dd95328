//! Sides are relative: the endpoint makes the server of one.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(ProtocolError, side = Server)]
    BadFrame,
}

fn main() {}
