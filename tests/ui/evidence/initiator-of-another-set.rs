//! A cause is used as the party.

use disconnect_core::{DisconnectCause, DisconnectEvidence};

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, by = DisconnectCause::Kicked)]
    Kicked,
}

fn main() {}
