//! The list has no brackets.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, "draining");

fn main() {}
