//! The reason is in parentheses.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason = "network_error"]
    Heartbeat,
}

fn main() {}
