//! A cause is used as the reason.

use disconnect_core::DisconnectCause;
use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(DisconnectCause::Reset)]
    Heartbeat,
}

fn main() {}
