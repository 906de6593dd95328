//! A second string after the key.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", "close_stage")]
enum ClosePhase {
    Draining,
}

fn main() {}
