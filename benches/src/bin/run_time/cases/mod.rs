//! The cases that are measured with valgrind.

mod categories;
pub(crate) mod ends;
mod evidence;
mod layer;
mod streams;

use std::hint::black_box;

/// One measured case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Runs the case this many times.
    pub(crate) run: fn(u32),
}

/// The empty loop, whose cost is subtracted.
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

/// The function that valgrind measures, by its name.
#[inline(never)]
fn times(count: u32, mut work: impl FnMut()) {
    for _ in 0..count {
        work();
        black_box(());
    }
}
