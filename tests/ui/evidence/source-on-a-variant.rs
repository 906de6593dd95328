//! `#[source]` marks a field.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, DisconnectEvidence)]
enum SessionError {
    #[source]
    #[transparent]
    Io(std::io::Error),
}

include!("../preamble/session_error.rs");

fn main() {}
