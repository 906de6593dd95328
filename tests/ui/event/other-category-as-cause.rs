//! A category with a key of its own stands where a cause belongs.

use disconnect_core::{Disconnect, DisconnectReason};

include!("../preamble/close_phase.rs");

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).with_cause(ClosePhase::Draining);
}
