//! The key gives the expected flag a key of the event.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

fn main() {}
