//! The search for a table in the derive and the lookup in the core, over any set of names.

use std::collections::BTreeSet;

use crate::both_halves::assert_exact;
use crate::input::Input;

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let shared = input.pick(&["", "a", "connection_", "aaaaaaaaaaaaaaaaaaaaaaaa", "ünï🚀ünï🚀"]);
    let shape = input.below(4);
    let mut names = BTreeSet::new();
    // A set of many names from few bytes, or each name from its own.
    let many = input.pick(&[0, 0, 0, 0, 0, 33, 64, 300]);
    while !input.is_empty() && names.len() < 64 {
        let own = if input.flag() { input.near(&["closed", "aaaaaaaaaaaaaaaazzzzzzzz", "0"]) } else { input.text(12) };
        let numbered = (0..many).map(|i| format!("{own}{i}"));
        names.extend(numbered.chain([own.clone()]).map(|own| match shape {
            0 => own,
            1 => format!("{shared}{own}"),
            2 => format!("{own}{shared}"),
            _ => format!("{shared}{own}{shared}"),
        }));
        if names.len() > 64 {
            break;
        }
    }
    assert_exact(&names.into_iter().collect::<Vec<_>>());
}
