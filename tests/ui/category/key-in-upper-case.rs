//! The key is not lower case.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("closePhase")]
enum ClosePhase {
    Draining,
}

fn main() {}
