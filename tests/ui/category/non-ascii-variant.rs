//! A variant's name gives no snake_case value.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
    Größe,
}

fn main() {}
