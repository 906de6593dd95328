//! The reason comes first.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(side = Remote)]
    BadFrame,
}

fn main() {}
