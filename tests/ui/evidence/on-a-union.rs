//! A union has no variants that could mean something.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
union Bits {
    signed: i32,
    unsigned: u32,
}

fn main() {}
