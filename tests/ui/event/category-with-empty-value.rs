//! `field(Type = )` has no value.

use disconnect_core::{DisconnectReason, disconnected};

include!("../preamble/close_phase.rs");

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, field(ClosePhase = ), "session closed");
}
