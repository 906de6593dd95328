//! `by` takes a party, and sides are relative.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Unknown, by = Remote)]
    Kicked,
    #[reason(Unknown, by = Sever)]
    Expired,
}

fn main() {}
