//! `#[expected]` has an argument.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected(true)]
    Draining,
}

fn main() {}
