//! `field(...)` stands where a reason or a record belongs.

use disconnect_core::disconnected;

include!("../preamble/close_phase.rs");

fn main() {
    disconnected!(field(ClosePhase = ClosePhase::Draining), "session closed");
}
