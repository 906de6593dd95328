//! The list has an expected category in the other bucket.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "done"], expected: []);

fn main() {}
