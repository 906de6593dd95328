//! A verdict belongs on the variant.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[transparent]
    Io(
        #[reason(NetworkError)]
        #[from]
        std::io::Error,
    ),
}

fn main() {}
