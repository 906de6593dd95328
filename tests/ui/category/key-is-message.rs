//! The key belongs to the text of the event.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("message")]
enum ClosePhase {
    Draining,
}

fn main() {}
