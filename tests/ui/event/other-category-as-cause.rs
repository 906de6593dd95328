//! A category with a key of its own stands where a cause belongs.

use disconnect_core::{Disconnect, DisconnectField, DisconnectReason};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {
    let _ = Disconnect::new(DisconnectReason::Graceful).cause(ClosePhase::Draining);
}
