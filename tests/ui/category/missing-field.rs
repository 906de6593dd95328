//! The enum has no `#[field("key")]`.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
enum ClosePhase {
    Draining,
}

fn main() {}
