//! The enum has a category that the list does not have.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining"]);

fn main() {}
