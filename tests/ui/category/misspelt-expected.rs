//! `#[expcted]` was meant as `#[expected]`: one error.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expcted]
    Draining,
}

fn main() {}
