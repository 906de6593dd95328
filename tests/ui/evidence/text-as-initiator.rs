//! A party is a category, not a text.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, by = "client")]
    Kicked,
}

fn main() {}
