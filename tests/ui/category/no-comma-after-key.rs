//! There is no comma between the key and the argument.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase" values = "verbatim")]
enum ClosePhase {
    Draining,
}

fn main() {}
