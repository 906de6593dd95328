//! The list names a category twice.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "done", "draining"]);

fn main() {}
