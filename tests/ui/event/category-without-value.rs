//! `field(Type)` has no value.

use disconnect_core::{DisconnectField, DisconnectReason, disconnected};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
#[allow(dead_code)]
enum ClosePhase {
    Draining,
}

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, field(ClosePhase), "session closed");
}
