//! The key of the expected flag is not lower case.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expected = "closePhaseOk")]
enum ClosePhase {
    Draining,
}

fn main() {}
