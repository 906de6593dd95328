// The hash behind `parse`. Shared with `disconnect-core` by `__shared!`: the derive searches for a table with it, and
// the core looks up names with it.

/// Three words of a text. They cover a text of up to 24 bytes.
pub(crate) type Words = [u64; 3];

/// The first, second and last eight bytes of a `LONG` text, which has at least eight. `second` is the end of the second
/// word: [`second_end`]. For a shorter text: the first and last four bytes, or the first, middle and last byte.
#[inline]
pub(crate) const fn words<const LONG: bool>(text: &[u8], second: usize) -> Words {
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

/// The end of the second word: 16, or the length of a shorter text.
#[inline]
pub(crate) const fn second_end(len: usize) -> usize {
    if len < 16 { len } else { 16 }
}

/// The eight bytes before position `end` of a long text.
#[inline]
pub(crate) const fn word_before(end: usize, text: &[u8]) -> u64 {
    match text.split_at(end).0.last_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => 0,
    }
}

/// Combines the three words. The odd factors prevent equal bytes in two words from cancelling out.
#[inline]
pub(crate) const fn mix([first, second, last]: Words) -> u64 {
    first.wrapping_add(second.wrapping_mul(0x6c8e_9cf5)).wrapping_add(last.wrapping_mul(0x2545_f491))
}

/// One wide multiplication. XORs both halves of the product, so that every bit of the text affects every bit of the
/// hash.
#[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
#[inline]
pub(crate) const fn hash(seed: u64, mixed: u64, len: usize) -> u64 {
    let product = (mixed as u128).wrapping_mul((seed ^ len as u64) as u128);
    (product as u64) ^ ((product >> 64) as u64)
}
