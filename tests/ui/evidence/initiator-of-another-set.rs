//! A cause stands where the party belongs.

use disconnect_core::{DisconnectCause, DisconnectEvidence};

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, by = DisconnectCause::Kicked)]
    Kicked,
}

fn main() {}
