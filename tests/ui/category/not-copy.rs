//! The enum is not `Copy`, which is reported once.

use disconnect_core::DisconnectField;

#[derive(Clone, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
