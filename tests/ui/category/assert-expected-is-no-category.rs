//! The list of expected categories names one that is in no list.

use disconnect_core::assert_categories;

include!("../preamble/close_phase.rs");

assert_categories!(ClosePhase, ["draining", "done"], expected: ["draining", "gone"]);

fn main() {}
