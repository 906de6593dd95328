//! The enum is generic.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase<const N: usize> {
    Draining,
}

fn main() {}
