//! The list has an expected category among the unexpected ones.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "done"], expected: []);

fn main() {}
