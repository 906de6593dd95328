//! The perfect-hash table behind `parse`: one probe and one comparison, whatever the size of the set.
//!
//! # Method
//!
//! Hash and displace, as in Belazzougui, Botelho, Dietzfelbinger, "Hash, displace, and compress" (ESA 2009), in the form
//! of `PTHash` (Pibiri, Trani, SIGIR 2021): one hash of a name picks a bucket, each bucket has a shift, and the shift moves
//! the names of the bucket to free slots. The derive searches for seed and shifts while it expands, and emits the table as
//! byte strings (`disconnect-derive/src/lookup.rs`). This file is the half that reads it. Both halves use the same
//! `hash.rs`.
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
//! A set of up to 32 names has no shifts: some seed sends every name to a slot of its own. Names that differ only where
//! the three words do not look have the same hash for every seed. They stand next to each other in `names`, and a lookup
//! compares with each of the `run` names from the probed one on.
//!
//! # Constants
//!
//! | constant | why |
//! |---|---|
//! | 8, 16, 24 | the words end there: up to 24 bytes they cover the whole text, and the names of ours are shorter |
//! | 32 | one more word covers up to 32 bytes without a loop, whose branch would be mispredicted |
//! | top 16 bits for the bucket | they are independent of the low bits, which pick the slot; shifts and positions have 16 bits, which caps a set at 65,536 names |

mod hash {
    disconnect_derive::__shared!(hash);
}

use self::hash::{Words, hash, mix, second_end, word_before, words};

/// A table that the derive found for one set of names.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// Chosen so that the names do not collide.
    pub seed: u64,
    /// Every logged value and alias.
    pub names: &'static [&'static str],
    /// The category of each name, as little-endian `u16`s; empty where it is the name's own position.
    pub owners: &'static [u8],
    /// How far each bucket is shifted, as little-endian `u16`s; a power of two of them, or none where nothing is.
    pub shifts: &'static [u8],
    /// The position of a name, as little-endian `u16`s; a power of two of them. A free slot names any.
    pub slots: &'static [u8],
    /// How long the longest name is.
    pub longest: usize,
    /// How many names from the probed one on may be meant: more than one where the hash cannot tell names apart.
    pub run: usize,
}

impl Lookup {
    /// What [`find`](Self::find) gives for a text that is no name.
    pub const MISS: usize = usize::MAX;

    /// The category that this name belongs to, or [`MISS`](Self::MISS).
    // So that a table which is a constant becomes part of the code: that is two thirds of the instructions.
    #[allow(clippy::inline_always, reason = "only used in `parse`, once for each enum")]
    #[inline(always)]
    pub const fn find(&self, text: &str) -> usize {
        let text = text.as_bytes();
        // Apart from end to end: joined in the middle, both would be told apart again to compare.
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

    /// Whether two texts of the same length, the same in all three words, are the same in between.
    #[inline]
    const fn same_rest(&self, a: &[u8], b: &[u8]) -> bool {
        if self.longest <= 24 {
            return true;
        }
        // Up to 32 bytes without a branch on the length, which would be mispredicted.
        let third = if a.len() < 24 { a.len() } else { 24 };
        word_before(third, a) == word_before(third, b) && (a.len() <= 32 || same_from(24, a, b))
    }

    /// The position of the only name with this hash, or of the first of several.
    #[allow(clippy::cast_possible_truncation, clippy::inline_always, reason = "the low half is meant; as above")]
    #[inline(always)]
    const fn probe(&self, hash: u64) -> usize {
        let shift = if self.shifts.is_empty() { 0 } else { u16_within(self.shifts, (hash >> 48) as usize) };
        let position = u16_within(self.slots, hash as usize ^ shift);
        // Spares the check that it is one.
        if self.names.len().is_power_of_two() { position & (self.names.len() - 1) } else { position }
    }
}

/// The number at `position`.
#[inline]
const fn u16_at(table: &[u8], position: usize) -> usize {
    u16::from_le_bytes([table[position * 2], table[position * 2 + 1]]) as usize
}

/// The number at `position` modulo the size of the table, which is a power of two.
#[inline]
const fn u16_within(table: &[u8], position: usize) -> usize {
    u16_at(table, position & (table.len() / 2 - 1))
}

#[inline]
const fn same(a: Words, b: Words) -> bool {
    a[0] == b[0] && a[1] == b[1] && a[2] == b[2]
}

/// Whether two texts of the same length and with the same last word are the same from there on.
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
