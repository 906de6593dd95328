//! There is no such reason, and an own category is given by its path.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(Kicked)]
    Kicked,
}

fn main() {}
