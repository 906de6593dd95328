//! Two fields are marked as the inner error.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, DisconnectEvidence)]
enum SessionError {
    #[transparent]
    Io {
        #[source]
        read: std::io::Error,
        #[source]
        write: std::io::Error,
    },
}

include!("../preamble/session_error.rs");

fn main() {}
