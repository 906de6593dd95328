//! The list names a category twice.

use disconnect_core::{DisconnectField, assert_categories};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

assert_categories!(ClosePhase, ["draining", "done", "draining"]);

fn main() {}
