//! The key is empty.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("")]
enum ClosePhase {
    Draining,
}

fn main() {}
