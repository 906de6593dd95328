//! `#[reason]` names no reason.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason]
    Heartbeat,
}

fn main() {}
