//! The expected flag has the key of the category.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expected = "close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
