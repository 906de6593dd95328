//! The value is of another type than `field(Type = ...)` says.

use disconnect_core::{DisconnectField, DisconnectReason, disconnected};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
#[allow(dead_code)]
enum ClosePhase {
    Draining,
}

fn main() {
    disconnected!(
        reason = DisconnectReason::Graceful,
        field(ClosePhase = DisconnectReason::Graceful),
        "session closed"
    );
}
