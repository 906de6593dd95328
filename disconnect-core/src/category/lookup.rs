//! The perfect-hash table behind `parse`: one probe and one comparison, whatever the size of the set.
//!
//! # Method
//!
//! Hash and displace: Belazzougui, Botelho, Dietzfelbinger, "Hash, displace, and compress" (ESA 2009), in the form of
//! `PTHash` (Pibiri, Trani, SIGIR 2021). One hash of a name selects a bucket, a small group of names. Each bucket has
//! a shift, which moves the names of the bucket to free slots. The derive searches for the seed and the shifts while
//! it expands, and emits the table as byte strings (`disconnect-derive/src/lookup.rs`). This file reads the table.
//! Both crates use the same `hash.rs`.
//!
//! ```text
//!   text ──► three 8-byte words ──► mix ──► × (seed ^ length) ──► 64-bit hash
//!                                                                  │      │
//!                                                     top 16 bits  │      │  low bits
//!                                                                  ▼      │
//!                              shifts   [ 0 │ 3 │ 0 │ 7 │ ... ]  bucket   │
//!                                             └──────────── xor ──────────┤
//!                                                                         ▼
//!                              slots    [ 2 │ 0 │ · │ 1 │ · │ ... ]      slot
//!                                             │
//!                                             ▼
//!                              names    [ "graceful" │ "unknown" │ "" │ ... ]   compared with the text
//!                              owners   [     1      │     0     │ 0  │ ... ]   the category of that name
//! ```
//!
//! A set of up to 32 names has no shifts: one seed gives every name its own slot. Names that differ only outside the
//! three words have the same hash for every seed. They are adjacent in `names`, and a lookup compares the text with
//! `run` names, starting at the probed one.
//!
//! # Constants
//!
//! | constant | why |
//! |---|---|
//! | 8, 16, 24 | the ends of the three words, which cover a text of up to 24 bytes; all names of this crate are shorter |
//! | 32 | one more word covers up to 32 bytes without a loop; the loop's branch would be mispredicted |
//! | top 16 bits for the bucket | independent of the low bits, which select the slot; shifts and positions have 16 bits, which limits a set to 65,536 names |

mod hash {
    disconnect_derive::__shared!(hash);
}

use self::hash::{Words, hash, mix, second_end, word_before, words};

/// The lookup table of one set of names.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// The seed for which the names do not collide.
    pub seed: u64,
    /// Every logged value and alias.
    pub names: &'static [&'static str],
    /// The category of each name, as little-endian `u16`s. Empty where the category has the same position as its name.
    pub owners: &'static [u8],
    /// The shift of each bucket, as little-endian `u16`s. The number of buckets is a power of two; empty without
    /// shifts.
    pub shifts: &'static [u8],
    /// The position of a name in each slot, as little-endian `u16`s. The number of slots is a power of two. A free slot
    /// holds an arbitrary position.
    pub slots: &'static [u8],
    /// The length of the longest name, in bytes.
    pub longest: usize,
    /// The number of names to compare with, starting at the probed one. More than 1 where names share a hash.
    pub run: usize,
}

impl Lookup {
    /// What [`find`](Self::find) returns for a text that is no name.
    pub const MISS: usize = usize::MAX;

    /// Returns the position of the category with this name, or [`MISS`](Self::MISS).
    // Inlined so that the compiler folds the constant table into the code, which saves two thirds of the instructions.
    #[allow(clippy::inline_always, reason = "only used in `parse`, once for each enum")]
    #[inline(always)]
    pub const fn find(&self, text: &str) -> usize {
        let text = text.as_bytes();
        // Two complete branches: if they joined after the hash, the comparison would have to branch on the length
        // again.
        if text.len() < 8 { self.find_as::<false>(text) } else { self.find_as::<true>(text) }
    }

    #[allow(clippy::inline_always, reason = "as above")]
    #[inline(always)]
    const fn find_as<const LONG: bool>(&self, text: &[u8]) -> usize {
        let second = second_end(text.len());
        let of_text = words::<LONG>(text, second);
        let first = self.probe(hash(self.seed, mix(of_text), text.len()));
        let mut at = first;
        while at < self.names.len() {
            let name = self.names[at].as_bytes();
            if name.len() == text.len() && same(words::<LONG>(name, second), of_text) && self.same_rest(name, text) {
                return if self.owners.is_empty() { at } else { u16_at(self.owners, at) };
            }
            at += 1;
            if at == first + self.run {
                break;
            }
        }
        Self::MISS
    }

    /// Whether two texts that agree in length and in all three words also agree in the remaining bytes.
    #[inline]
    const fn same_rest(&self, a: &[u8], b: &[u8]) -> bool {
        if self.longest <= 24 {
            return true;
        }
        // No branch on the length up to 32 bytes: it would be mispredicted.
        let third = if a.len() < 24 { a.len() } else { 24 };
        word_before(third, a) == word_before(third, b) && (a.len() <= 32 || same_from(24, a, b))
    }

    /// Returns the position of the only name with this hash, or of the first of several.
    #[allow(clippy::cast_possible_truncation, clippy::inline_always, reason = "the low half is meant; as above")]
    #[inline(always)]
    const fn probe(&self, hash: u64) -> usize {
        let shift = if self.shifts.is_empty() { 0 } else { u16_within(self.shifts, (hash >> 48) as usize) };
        let position = u16_within(self.slots, hash as usize ^ shift);
        // The mask replaces a bounds check.
        if self.names.len().is_power_of_two() { position & (self.names.len() - 1) } else { position }
    }
}

/// Reads the number at `position`.
#[inline]
const fn u16_at(table: &[u8], position: usize) -> usize {
    u16::from_le_bytes([table[position * 2], table[position * 2 + 1]]) as usize
}

/// Reads the number at `position` modulo the size of the table, which is a power of two.
#[inline]
const fn u16_within(table: &[u8], position: usize) -> usize {
    u16_at(table, position & (table.len() / 2 - 1))
}

#[inline]
const fn same(a: Words, b: Words) -> bool {
    a[0] == b[0] && a[1] == b[1] && a[2] == b[2]
}

/// Whether two texts that agree in length and in the last word also agree from `start` on.
#[inline(never)]
const fn same_from(mut start: usize, a: &[u8], b: &[u8]) -> bool {
    while start + 8 < a.len() {
        start += 8;
        if word_before(start, a) != word_before(start, b) {
            return false;
        }
    }
    true
}
