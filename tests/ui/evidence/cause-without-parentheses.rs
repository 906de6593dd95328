//! An expression for a cause is not in parentheses.

use disconnect_core::{DisconnectCause, DisconnectEvidence};

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, cause = *why)]
    Closed { why: DisconnectCause },
}

fn main() {}
