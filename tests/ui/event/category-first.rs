//! `field(...)` stands where a reason or a record belongs.

use disconnect_core::{DisconnectField, disconnected};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {
    disconnected!(field(ClosePhase = ClosePhase::Draining), "session closed");
}
