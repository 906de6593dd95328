//! The list differs in more than one name.

use disconnect_core::{DisconnectField, assert_categories};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

assert_categories!(ClosePhase, ["drain", "finished", "gone"]);

fn main() {}
