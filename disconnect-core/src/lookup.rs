//! The perfect-hash table behind `parse`: one probe and one comparison, whatever the size of the set.
//!
//! The derive searches for the table and emits it as literals; this is the half that reads it. Both halves must hash
//! alike: `hash` here and in the derive's `lookup.rs` say the same. A difference makes every derived enum forget its
//! own values, which the tests of the laws see at once.

/// A table that the derive found for one set of names.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// Chosen so that the names do not collide.
    pub seed: u64,
    /// Every logged value and alias.
    pub names: &'static [&'static str],
    /// The category of each name, as little-endian `u16`s; empty where it is the name's own position.
    pub owners: &'static [u8],
    /// How far each bucket is shifted, as little-endian `u16`s; a power of two of them.
    pub shifts: &'static [u8],
    /// The position of a name plus one, or zero for none, as little-endian `u16`s; a power of two of them.
    pub slots: &'static [u8],
    /// How many names from the probed one on may be meant: more than one only where no perfect table was found.
    pub run: usize,
}

impl Lookup {
    /// What [`find`](Self::find) gives for a text that is no name.
    pub const MISS: usize = usize::MAX;

    /// The category that this name belongs to, or [`MISS`](Self::MISS).
    pub const fn find(&self, text: &str) -> usize {
        let text = text.as_bytes();
        let words = words(text);
        let hash = hash(self.seed, words, text.len());
        let shift = u16_within(self.shifts, (hash >> 48) as usize);
        let first = u16_within(self.slots, slot(hash, shift)) as usize;
        let mut at = first;
        while at != 0 && at < first + self.run && at <= self.names.len() {
            if is_name(self.names[at - 1].as_bytes(), text, words) {
                return if self.owners.is_empty() { at - 1 } else { u16_at(self.owners, at - 1) as usize };
            }
            at += 1;
        }
        Self::MISS
    }
}

/// The first, middle and last eight bytes: up to 24 bytes, that is all of a text.
type Words = [u64; 3];

const fn words(text: &[u8]) -> Words {
    let n = text.len();
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        return match text.split_at((n - 8) / 2).1.first_chunk::<8>() {
            Some(middle) => [u64::from_le_bytes(*first), u64::from_le_bytes(*middle), u64::from_le_bytes(*last)],
            None => [0; 3],
        };
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return [u32::from_le_bytes(*first) as u64, 0, u32::from_le_bytes(*last) as u64];
    }
    match text {
        [] => [0; 3],
        _ => [text[0] as u64, text[n / 2] as u64, text[n - 1] as u64],
    }
}

const fn hash(seed: u64, words: Words, len: usize) -> u64 {
    let mixed = fold(words[0] ^ seed, words[1] ^ 0x9e37_79b9_7f4a_7c15);
    fold(mixed ^ words[2], (len as u64) ^ 0xd1b5_4a32_d192_ed03)
}

#[allow(clippy::cast_possible_truncation, reason = "the low half is meant")]
const fn slot(hash: u64, shift: u16) -> usize {
    (hash as u32).wrapping_add((shift as u32).wrapping_mul((hash >> 16) as u32 | 1)) as usize
}

/// Both halves of the product, so that every bit counts.
#[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The number at `position`.
const fn u16_at(table: &[u8], position: usize) -> u16 {
    u16::from_le_bytes([table[position * 2], table[position * 2 + 1]])
}

/// The number at `position` modulo the size of the table, which is a power of two.
const fn u16_within(table: &[u8], position: usize) -> u16 {
    u16_at(table, position & (table.len() / 2 - 1))
}

const fn is_name(name: &[u8], text: &[u8], of_text: Words) -> bool {
    let of_name = words(name);
    name.len() == text.len()
        && of_name[0] == of_text[0]
        && of_name[1] == of_text[1]
        && of_name[2] == of_text[2]
        && (text.len() <= 24 || crate::assert::same_bytes(name, text))
}
