//! The mode of the values does not exist.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "kebab-case")]
enum ClosePhase {
    Draining,
}

fn main() {}
