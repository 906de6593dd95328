//! What is measured under valgrind.

mod categories;
pub(crate) mod ends;
mod evidence;
mod layer;
mod streams;

use std::hint::black_box;

/// One thing that is measured.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Runs it this many times.
    pub(crate) run: fn(u32),
}

/// The loop itself, which is taken off the other counts.
pub(crate) const NOTHING: &str = "nothing";

pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    const LOOP: &[Case] = &[Case { name: NOTHING, run: |n| times(n, || ()) }];
    LOOP.iter()
        .chain(categories::CASES)
        .chain(ends::CASES)
        .chain(evidence::CASES)
        .chain(layer::CASES)
        .chain(streams::CASES)
}

/// What valgrind looks at, by this name.
#[inline(never)]
fn times(count: u32, mut work: impl FnMut()) {
    for _ in 0..count {
        work();
        black_box(());
    }
}
