//! Wall-clock time, because instruction counts do not show mispredicted branches.

use std::hint::black_box;
use std::time::Instant;

use crate::sets::{Contender, Inputs, Set, Texts, texts};

/// Nanoseconds per lookup, without the loop.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) ours: f64,
    pub(crate) by_match: f64,
    pub(crate) strum: f64,
    pub(crate) phf: f64,
}

/// The minimum of many rounds. The subjects take turns, so that noise affects all of them.
pub(crate) fn nanoseconds(set: &Set, inputs: Inputs, shuffled: bool) -> Times {
    const ROUNDS: usize = 100;
    const LOOKUPS: u16 = 16_384;
    let texts = texts(set.names, inputs, LOOKUPS.into(), shuffled);
    let contenders: [Contender; 5] = [set.nothing, set.ours, set.by_match, set.strum, set.phf];
    let mut least = [f64::INFINITY; 5];
    for _ in 0..ROUNDS {
        for (contender, least) in contenders.into_iter().zip(&mut least) {
            *least = least.min(seconds(contender, &texts) * 1e9 / f64::from(LOOKUPS));
        }
    }
    let [nothing, times @ ..] = least;
    let [ours, by_match, strum, phf] = times.map(|time| time - nothing);
    Times { ours, by_match, strum, phf }
}

fn seconds(contender: Contender, texts: &Texts) -> f64 {
    let started = Instant::now();
    black_box(contender)(texts);
    started.elapsed().as_secs_f64()
}
