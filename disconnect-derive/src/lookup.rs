//! Searches for the perfect-hash table that `disconnect_core`'s `lookup.rs` reads.
//!
//! Hash and displace: names fall into buckets, and each bucket, the fullest first, gets the first shift that moves all
//! of its names to free slots.

/// A table for one set of names, in the form in which it is emitted.
pub(crate) struct Table {
    pub(crate) seed: u64,
    pub(crate) shifts: Vec<u16>,
    pub(crate) slots: Vec<u16>,
    pub(crate) run: usize,
}

/// How many seeds are tried before the search gives up.
const SEEDS: u64 = 16;

/// A table for these names, which are distinct. Where none is found, one that compares with every name.
pub(crate) fn search(names: &[&str]) -> Table {
    let perfect = (0..SEEDS).find_map(|round| with_seed(names, fold(round + 1, 0x2545_f491_4f6c_dd1d)));
    perfect.unwrap_or_else(|| Table { seed: 0, shifts: vec![0], slots: vec![1], run: names.len() })
}

fn with_seed(names: &[&str], seed: u64) -> Option<Table> {
    if names.len() >= usize::from(u16::MAX) {
        return None;
    }
    let slot_count = (names.len() * 2).next_power_of_two();
    let bucket_count = names.len().div_ceil(4).next_power_of_two();
    let mut buckets = vec![Vec::new(); bucket_count];
    for (position, name) in (1..).zip(names) {
        let hash = hash(seed, name.as_bytes());
        buckets[(hash >> 48) as usize & (bucket_count - 1)].push((position, hash));
    }
    let mut order: Vec<usize> = (0..bucket_count).collect();
    order.sort_by_key(|bucket| std::cmp::Reverse(buckets[*bucket].len()));

    let mut table = Table { seed, shifts: vec![0; bucket_count], slots: vec![0; slot_count], run: 1 };
    for bucket in order {
        table.shifts[bucket] = place(&buckets[bucket], &mut table.slots)?;
    }
    Some(table)
}

/// The shift that moves all names of a bucket to free slots, which they then take.
fn place(bucket: &[(u16, u64)], slots: &mut [u16]) -> Option<u16> {
    (0..=u16::MAX).find(|shift| {
        let mut taken = Vec::with_capacity(bucket.len());
        for (position, hash) in bucket {
            let slot = slot(*hash, *shift) & (slots.len() - 1);
            if slots[slot] != 0 {
                break;
            }
            slots[slot] = *position;
            taken.push(slot);
        }
        let all = taken.len() == bucket.len();
        if !all {
            for slot in taken {
                slots[slot] = 0;
            }
        }
        all
    })
}

#[allow(clippy::cast_possible_truncation, reason = "the low half is meant, as in the core")]
fn slot(hash: u64, shift: u16) -> usize {
    (hash as u32).wrapping_add(u32::from(shift).wrapping_mul((hash >> 16) as u32 | 1)) as usize
}

fn hash(seed: u64, text: &[u8]) -> u64 {
    let n = text.len();
    let word = |start: usize, len: usize| (0..len).rev().fold(0_u64, |word, i| word << 8 | u64::from(text[start + i]));
    let words = match n {
        0 => [0; 3],
        1..4 => [word(0, 1), word(n / 2, 1), word(n - 1, 1)],
        4..8 => [word(0, 4), 0, word(n - 4, 4)],
        _ => [word(0, 8), word((n - 8) / 2, 8), word(n - 8, 8)],
    };
    let mixed = fold(words[0] ^ seed, words[1] ^ 0x9e37_79b9_7f4a_7c15);
    fold(mixed ^ words[2], n as u64 ^ 0xd1b5_4a32_d192_ed03)
}

#[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::search;

    fn is_perfect(names: &[String]) -> bool {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let table = search(&names);
        let placed = table.slots.iter().filter(|slot| **slot != 0).count();
        table.run == 1 && placed == names.len()
    }

    #[test]
    fn sets_of_any_size_find_a_perfect_table() {
        for size in [1, 2, 3, 8, 64, 512, 4096] {
            let names: Vec<String> = (0..size).map(|i| format!("category_{i}")).collect();
            assert!(is_perfect(&names), "{size}");
        }
    }

    #[test]
    fn names_of_every_length_find_a_perfect_table() {
        let names: Vec<String> = (0..=200).map(|len| "a".repeat(len)).collect();
        assert!(is_perfect(&names));
    }

    #[test]
    fn names_that_differ_where_the_hash_does_not_look_are_compared_one_by_one() {
        let names = ["a".repeat(12) + "x" + &"a".repeat(27), "a".repeat(12) + "y" + &"a".repeat(27)];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let table = search(&names);
        assert_eq!((table.run, table.slots), (2, vec![1]));
    }
}
