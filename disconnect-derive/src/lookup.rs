//! Searches for the perfect-hash table behind `parse`. `category/lookup.rs` of `disconnect-core` reads the table and
//! describes the method and the layout.
//!
//! For few names, the search takes the first seed that gives each name its own slot. For more names it uses hash and
//! displace: the names fall into buckets, and each bucket, largest first, gets the first shift that moves all of its
//! names to free slots.

use super::hash::{hash, mix, second_end, words};
use crate::list::list;

/// The table of one set of names, as it is emitted.
pub(crate) struct Table {
    /// The order of the names in the table, as positions in the input.
    pub(crate) order: Vec<usize>,
    pub(crate) seed: u64,
    pub(crate) shifts: Vec<u16>,
    pub(crate) slots: Vec<u16>,
    pub(crate) run: usize,
}

/// The number of seeds to try. About one in seven seeds works for few names, and three in five for many.
const SEEDS: u64 = 64;

/// The seeds are multiples of 2^64 divided by the golden ratio, which distributes them evenly (Knuth, "The Art of
/// Computer Programming", volume 3, section 6.4).
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The maximum number of names without shifts. With n²/4 slots, a random seed has two expected collisions, so one seed
/// in seven (e^-2) has none. Above 32 names, this table would be larger than one with shifts.
const FEW: usize = 32;

/// Finds a table for these distinct names. If every seed fails, returns a table whose lookup compares all names.
pub(crate) fn search(names: &[&str]) -> Table {
    let keys = list(names.iter().map(|name| Key::of(name.as_bytes())));
    let order = side_by_side(&keys);
    // The start of each group of names with the same key.
    let (mut groups, mut run) = (Vec::<(usize, Key)>::new(), 1);
    for (at, position) in order.iter().enumerate() {
        match groups.last() {
            Some((start, key)) if *key == keys[*position] => run = run.max(at + 1 - start),
            Some(_) | None => groups.push((at, keys[*position])),
        }
    }
    let found = (1..=SEEDS).find_map(|round| with_seed(&groups, round.wrapping_mul(SEED_STEP)));
    match found {
        Some((seed, shifts, slots)) => Table { order, seed, shifts, slots, run },
        None => Table { order, seed: 0, shifts: vec![], slots: vec![0], run: names.len() },
    }
}

/// Orders the names so that names with the same hash for every seed are adjacent. Keeps the order if there are none.
fn side_by_side(keys: &[Key]) -> Vec<usize> {
    let sorted = sorted(list((0..).zip(keys).map(|(position, key)| (key.mixed, key.len, position))));
    if sorted.windows(2).any(|pair| keys[pair[0]] == keys[pair[1]]) { sorted } else { list(0..keys.len()) }
}

/// Sorts the keys and returns their last parts, the positions.
fn sorted(mut keys: Vec<(u64, usize, usize)>) -> Vec<usize> {
    keys.sort_unstable();
    list(keys.into_iter().map(|(_, _, position)| position))
}

/// The shifts and slots for this seed that give each position its own slot.
fn with_seed(names: &[(usize, Key)], seed: u64) -> Option<(u64, Vec<u16>, Vec<u16>)> {
    let mut hashed = Vec::new();
    for (position, key) in names {
        hashed.push((u16::try_from(*position).ok()?, key.hash(seed)));
    }
    if names.len() <= FEW {
        let mut slots = Slots::new((names.len() * names.len() / 4).max(names.len() * 2));
        return slots.place(&hashed, 0).then(|| (seed, vec![], slots.positions()));
    }
    let mut slots = Slots::new(names.len() * 2);
    let mut buckets = vec![Vec::new(); names.len().div_ceil(2).next_power_of_two()];
    let count = buckets.len();
    for name in hashed {
        buckets[(name.1 >> 48) as usize & (count - 1)].push(name);
    }
    let mut shifts = vec![0; count];
    // The bucket with the most names first.
    let by_size = (0..).zip(&buckets).map(|(place, bucket)| (0, usize::MAX - bucket.len(), place));
    for bucket in sorted(list(by_size)) {
        // Shifts repeat modulo the number of slots.
        let last = u16::try_from(slots.0.len() - 1).unwrap_or(u16::MAX);
        shifts[bucket] = (0..=last).find(|shift| slots.place(&buckets[bucket], *shift))?;
    }
    Some((seed, shifts, slots.positions()))
}

/// The position in each slot. The number of slots is a power of two.
struct Slots(Vec<Option<u16>>);

impl Slots {
    fn new(at_least: usize) -> Self {
        Self(vec![None; at_least.next_power_of_two()])
    }

    /// Moves all names of a bucket to free slots, if this shift allows it. Returns whether it did.
    #[allow(clippy::cast_possible_truncation, reason = "the low half is meant, as in the core")]
    fn place(&mut self, bucket: &[(u16, u64)], shift: u16) -> bool {
        let mask = self.0.len() - 1;
        let slot = |hash: u64| (hash as usize ^ usize::from(shift)) & mask;
        for (at, (position, hash)) in bucket.iter().enumerate() {
            if self.0[slot(*hash)].is_some() {
                for (_, hash) in &bucket[..at] {
                    self.0[slot(*hash)] = None;
                }
                return false;
            }
            self.0[slot(*hash)] = Some(*position);
        }
        true
    }

    /// Fills the free slots. Any position is valid there, because a lookup compares the name.
    fn positions(self) -> Vec<u16> {
        list(self.0.into_iter().map(Option::unwrap_or_default))
    }
}

/// The part of a name that the hash depends on.
#[derive(Clone, Copy, PartialEq)]
struct Key {
    mixed: u64,
    len: usize,
}

impl Key {
    fn of(text: &[u8]) -> Self {
        let words = if text.len() < 8 { words::<false>(text, 0) } else { words::<true>(text, second_end(text.len())) };
        Self { mixed: mix(words), len: text.len() }
    }

    fn hash(self, seed: u64) -> u64 {
        hash(seed, self.mixed, self.len)
    }
}
