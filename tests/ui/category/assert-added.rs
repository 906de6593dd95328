//! The enum has a category that the list does not have.

use disconnect_core::{DisconnectField, assert_categories};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

assert_categories!(ClosePhase, ["draining"]);

fn main() {}
