//! Which of the fields is the inner error?

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError)]
    Heartbeat,
    #[transparent]
    Io(std::io::Error, u32),
}

fn main() {}
