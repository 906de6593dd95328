//! The list has an unexpected category among the expected ones.

use disconnect_core::{DisconnectField, assert_categories};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

assert_categories!(ClosePhase, ["draining", "done"], expected: ["draining", "done"]);

fn main() {}
