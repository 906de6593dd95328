//! `expected` has no value.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expected)]
enum ClosePhase {
    Draining,
}

fn main() {}
