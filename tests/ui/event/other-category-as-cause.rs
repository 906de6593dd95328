//! A category with a key of its own is used as a cause.

use disconnect_core::{Disconnect, DisconnectReason};

include!("../preamble/close_phase.rs");

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_cause(ClosePhase::Draining);
}
