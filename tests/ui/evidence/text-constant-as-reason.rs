//! A reason is a category, not a text.

use disconnect_core::DisconnectEvidence;

struct Reasons;

impl Reasons {
    const GONE: &str = "gone";
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(Reasons::GONE)]
    Heartbeat,
}

fn main() {}
