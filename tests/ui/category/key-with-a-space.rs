//! The key has a space.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
