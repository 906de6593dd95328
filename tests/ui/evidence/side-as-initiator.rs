//! `by` takes a party, not a side.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, by = Remote)]
    Kicked,
    #[reason(Unknown, by = Sever)]
    Expired,
}

fn main() {}
