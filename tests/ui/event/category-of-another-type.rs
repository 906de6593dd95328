//! The value is of another type than `field(Type = ...)` says.

use disconnect_core::{DisconnectReason, disconnected};

include!("../preamble/close_phase.rs");

fn main() {
    disconnected!(
        reason = DisconnectReason::Graceful,
        field(ClosePhase = DisconnectReason::Graceful),
        "session closed"
    );
}
