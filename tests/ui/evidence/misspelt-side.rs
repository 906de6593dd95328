//! `Remotte` was meant as `Remote`.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(ProtocolError, side = Remotte)]
    BadFrame,
}

fn main() {}
