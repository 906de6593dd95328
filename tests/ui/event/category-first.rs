//! `field(...)` is used as a reason or a record.

use disconnect_core::disconnected;

include!("../preamble/close_phase.rs");

fn main() {
    disconnected!(field(ClosePhase = ClosePhase::Draining), "session closed");
}
