//! The list has no brackets.

use disconnect_core::{DisconnectField, assert_categories};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

assert_categories!(ClosePhase, "draining");

fn main() {}
