//! `#[expected]` is on the enum.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
#[expected]
enum ClosePhase {
    Draining,
}

fn main() {}
