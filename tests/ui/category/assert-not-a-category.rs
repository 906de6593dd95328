//! The type is no category enum.

use disconnect_core::assert_categories;

assert_categories!(u8, ["draining"]);

fn main() {}
