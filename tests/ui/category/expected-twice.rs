//! `#[expected]` is given twice on one variant.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    #[expected]
    Draining,
}

fn main() {}
