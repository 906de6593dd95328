//! `#[field]` has an argument that does not exist.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", level = "debug")]
enum ClosePhase {
    Draining,
}

fn main() {}
