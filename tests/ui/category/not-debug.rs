//! The enum is not `Debug`, which is reported once.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
