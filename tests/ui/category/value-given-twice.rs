//! A variant has two values.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[value("drain")]
    #[value("draining")]
    Draining,
}

fn main() {}
