//! The argument is not set off from the key.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase" values = "verbatim")]
enum ClosePhase {
    Draining,
}

fn main() {}
