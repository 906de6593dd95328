//! The enum has two keys.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
#[field("close_stage")]
enum ClosePhase {
    Draining,
}

fn main() {}
