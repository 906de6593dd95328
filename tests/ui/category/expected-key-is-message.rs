//! The key of the expected flag belongs to the text of the event.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expected = "message")]
enum ClosePhase {
    Draining,
}

fn main() {}
