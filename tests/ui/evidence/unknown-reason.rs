//! There is no such reason, and a category of one's own is given by its path.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(Kicked)]
    Kicked,
}

fn main() {}
