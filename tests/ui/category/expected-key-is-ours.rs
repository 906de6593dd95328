//! The key of the expected flag belongs to the event.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expected = "disconnect_expected")]
enum ClosePhase {
    Draining,
}

fn main() {}
