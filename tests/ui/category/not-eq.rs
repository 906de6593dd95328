//! The enum is not `Eq`, which is reported once.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
