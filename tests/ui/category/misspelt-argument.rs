//! `expcted` was meant as `expected`.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expcted = "close_phase_ok")]
enum ClosePhase {
    Draining,
}

fn main() {}
