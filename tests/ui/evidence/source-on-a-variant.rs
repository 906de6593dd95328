//! `#[source]` marks a field.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, DisconnectEvidence)]
enum SessionError {
    #[source]
    #[transparent]
    Io(std::io::Error),
}

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the session failed")
    }
}

impl std::error::Error for SessionError {}

fn main() {}
