//! `KeepaliveTimout` was meant as `KeepaliveTimeout`.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, cause = KeepaliveTimout)]
    Heartbeat,
}

fn main() {}
