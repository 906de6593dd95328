//! `#[field]` is on a variant.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[field("draining")]
    Draining,
}

fn main() {}
