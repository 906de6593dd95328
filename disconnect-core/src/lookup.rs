//! The perfect-hash table behind `parse`: one probe and one comparison, whatever the size of the set.
//!
//! The derive searches for the table and emits it as literals; this is the half that reads it. Both halves must hash
//! alike: `hash` here and in the derive's `lookup.rs` say the same, and `tests/lookup.rs` holds them together.

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
        let second = at_most(16, text.len());
        let of_text = words::<LONG>(text, second);
        let first = self.probe(hash(self.seed, of_text, text.len()));
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
        let third = at_most(24, a.len());
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

/// The first, second and last eight bytes: up to 24 bytes, that is all of a text.
type Words = [u64; 3];

/// The second word ends there, further ahead where there are no 16 bytes.
#[inline]
const fn words<const LONG: bool>(text: &[u8], second: usize) -> Words {
    if LONG {
        return [word_before(8, text), word_before(second, text), word_before(text.len(), text)];
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return [u32::from_le_bytes(*first) as u64, 0, u32::from_le_bytes(*last) as u64];
    }
    match text {
        [] => [0; 3],
        _ => [text[0] as u64, text[text.len() / 2] as u64, text[text.len() - 1] as u64],
    }
}

/// One multiplication, of which both halves are used, so that every bit counts. The factors keep the letters of the
/// three words from cancelling each other.
#[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
#[inline]
const fn hash(seed: u64, [first, second, last]: Words, len: usize) -> u64 {
    let mixed = first.wrapping_add(second.wrapping_mul(0x6c8e_9cf5)).wrapping_add(last.wrapping_mul(0x2545_f491));
    let product = (mixed as u128).wrapping_mul((seed ^ len as u64) as u128);
    (product as u64) ^ ((product >> 64) as u64)
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

/// The eight bytes before a position of a long text.
#[inline]
const fn word_before(end: usize, text: &[u8]) -> u64 {
    match text.split_at(end).0.last_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => 0,
    }
}

#[inline]
const fn at_most(most: usize, number: usize) -> usize {
    if number < most { number } else { most }
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
