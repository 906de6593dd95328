//! The enum is not `Copy`, which is told once.

use disconnect_core::DisconnectField;

#[derive(Clone, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
