//! The key belongs to the expected flag of the reason.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_expected")]
enum ClosePhase {
    Draining,
}

fn main() {}
