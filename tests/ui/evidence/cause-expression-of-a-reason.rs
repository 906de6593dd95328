//! An expression gives a reason where a cause belongs.

use disconnect_core::{DisconnectEvidence, DisconnectReason};

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, cause = (*why))]
    Closed { why: DisconnectReason },
}

fn main() {}
