//! The list has an unexpected category among the expected ones.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "done"], expected: ["draining", "done"]);

fn main() {}
