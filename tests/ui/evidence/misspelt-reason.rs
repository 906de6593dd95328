//! `NetworkEror` was meant as `NetworkError`.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkEror)]
    Heartbeat,
}

fn main() {}
