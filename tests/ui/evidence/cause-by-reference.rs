//! A field is a reference in an expression.

use disconnect_core::{DisconnectCause, DisconnectEvidence};

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, cause = (why))]
    Closed { why: DisconnectCause },
}

fn main() {}
