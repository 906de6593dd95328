//! The list has a category that the enum does not have.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "done", "gone"]);

fn main() {}
