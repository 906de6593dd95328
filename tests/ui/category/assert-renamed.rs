//! The list has a category under another name.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "finished"]);

fn main() {}
