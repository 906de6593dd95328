//! The list differs in more than one name.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["drain", "finished", "gone"]);

fn main() {}
