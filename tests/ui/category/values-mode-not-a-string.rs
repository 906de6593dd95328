//! The mode of the values is a name, not a string.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = verbatim)]
enum ClosePhase {
    Draining,
}

fn main() {}
