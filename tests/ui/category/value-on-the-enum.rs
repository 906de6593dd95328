//! `#[value]` is on the enum.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
#[value("draining")]
enum ClosePhase {
    Draining,
}

fn main() {}
