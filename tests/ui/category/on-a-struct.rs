//! The derive is on a struct.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
struct ClosePhase;

fn main() {}
