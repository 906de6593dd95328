//! Two variants state one value: both places are shown.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[value("gone")]
    Flushing,
    #[value("gone")]
    Draining,
}

fn main() {}
