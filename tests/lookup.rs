//! The search for a lookup table in the derive, together with the lookup in the core. Any set of names works.

use std::collections::BTreeSet;

use disconnect_core::__private::Lookup;

use self::both_halves::{assert_exact, lookup};

#[path = "lookup/both_halves.rs"]
mod both_halves;
#[path = "../disconnect-derive/src/hash.rs"]
mod hash;
#[path = "../disconnect-derive/src/list.rs"]
mod list;
#[path = "../disconnect-derive/src/lookup.rs"]
mod search;

#[test]
fn sets_of_any_size_find_a_perfect_table() {
    for size in (1..=80).chain([127, 128, 129, 256, 512, 1000, 4096]) {
        let names: Vec<String> = (0..size).map(|i| format!("category_{i}")).collect();
        assert_eq!(assert_exact(&names).run, 1, "{size} names");
    }
}

#[test]
fn names_of_every_length_find_a_perfect_table() {
    let names: Vec<String> = (0..=4096).map(|len| "a".repeat(len)).collect();
    assert_eq!(assert_exact(&names).run, 1);
}

/// The length of the longest name determines how many bytes are compared.
#[test]
fn every_byte_is_compared_for_every_longest_name() {
    for longest in 1..=80 {
        let names = ["a", "b"].map(|letter| letter.repeat(longest));
        let lookup = assert_exact(&names);
        for (at, name) in names.iter().flat_map(|name| (0..longest).map(move |at| (at, name))) {
            let stranger = format!("{}~{}", &name[..at], &name[at + 1..]);
            assert_eq!(lookup.find(&stranger), Lookup::MISS, "{stranger:?}");
        }
    }
}

#[test]
fn a_shared_prefix_or_suffix_is_found() {
    for size in [2, 8, 64, 512, 4096] {
        for shared in [1, 7, 8, 9, 17, 40, 200] {
            let shared = "connection_".repeat(20)[..shared].to_owned();
            assert_exact(&(0..size).map(|i| format!("{shared}{i}")).collect::<Vec<_>>());
            assert_exact(&(0..size).map(|i| format!("{i}{shared}")).collect::<Vec<_>>());
        }
    }
}

/// The hash reads the first sixteen bytes and the last eight.
#[test]
fn names_with_equal_hashes_are_compared_one_by_one() {
    let alike = |i: usize| format!("{}{i:04}{}", "a".repeat(16), "z".repeat(8));
    for size in [2, 8, 64, 256] {
        assert_eq!(assert_exact(&(0..size).map(alike).collect::<Vec<_>>()).run, size);
    }
    let lookup = lookup(&(0..4096).map(alike).collect::<Vec<_>>());
    assert!([0, 1, 2048, 4095].into_iter().all(|i| lookup.find(&alike(i)) == i));
    assert_eq!(lookup.find(&alike(4096)), Lookup::MISS);
}

#[test]
fn a_few_equal_hashes_do_not_slow_down_the_others() {
    let mut names: Vec<String> = (0..512).map(|i| format!("category_{i}")).collect();
    for (at, middle) in [(3, "x"), (200, "y"), (511, "z")] {
        names[at] = format!("{}{middle}{}", "a".repeat(20), "z".repeat(9));
    }
    assert_eq!(assert_exact(&names).run, 3);
}

/// Built against the factors of the hash: subtracts from one word what it adds to another.
#[test]
fn names_built_to_collide_are_distinguished() {
    let mut random = Random(7);
    let mut pairs = 0;
    let mut names = BTreeSet::new();
    while pairs < 20 {
        // Bytes from which the factor can be subtracted so that letters remain.
        let [first, second] = [random.letters(8, b"\x05aw"), random.letters(8, b"abcdefgh")];
        let word = |text: &str| u64::from_le_bytes(text.as_bytes().try_into().unwrap());
        let moved = String::from_utf8(word(&first).wrapping_sub(0x6c8e_9cf5).to_le_bytes().into());
        let next = String::from_utf8((word(&second) + 1).to_le_bytes().into());
        if let (Ok(moved), Ok(next)) = (moved, next) {
            names.extend([format!("{first}{second}__closed"), format!("{moved}{next}__closed")]);
            pairs += 1;
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    assert_eq!(assert_exact(&names).run, 2);
}

#[test]
fn without_a_table_all_names_are_compared() {
    let names: Vec<String> = (0..100).map(|i| format!("category_{i}")).collect();
    let perfect = lookup(&names);
    let lookup = Lookup { shifts: &[], slots: &[0, 0], run: names.len(), ..perfect };
    for (position, name) in names.iter().enumerate() {
        assert_eq!(lookup.find(name), position);
    }
    assert_eq!(lookup.find("category_100"), Lookup::MISS);
    // More names than a position can represent.
    let many: Vec<String> = (0..70_000).map(|i| format!("{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let table = search::search(&many);
    assert_eq!((table.run, table.slots, table.shifts), (many.len(), vec![0], vec![]));
}

#[test]
fn random_sets_find_a_table() {
    let mut random = Random(0x5eed);
    let mut imperfect = 0;
    for round in 0..100_000 {
        let size = 1 + if round % 1000 == 0 { random.below(700) } else { random.below(12) };
        let alphabet: &[u8] = [b"ab".as_slice(), b"abcdefghijklmnopqrstuvwxyz_", b"aA \0~"][random.below(3)];
        let longest = [4, 12, 40][random.below(3)];
        let shared = random.below(20);
        let shared = random.letters(shared, alphabet);
        let name = |random: &mut Random| {
            let length = random.below(longest + 1);
            let own = random.letters(length, alphabet);
            if random.below(2) == 0 { format!("{shared}{own}") } else { format!("{own}{shared}") }
        };
        let names: BTreeSet<String> = (0..size).map(|_| name(&mut random)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let lookup = lookup(&names);
        for (position, found) in names.iter().map(|name| lookup.find(name)).enumerate() {
            assert_eq!(found, position, "{:?} of {names:?}", names[position]);
        }
        let stranger = name(&mut random);
        let expected = names.iter().position(|name| *name == stranger).unwrap_or(Lookup::MISS);
        assert_eq!(lookup.find(&stranger), expected, "{stranger:?} of {names:?}");
        imperfect += usize::from(lookup.run != 1);
    }
    assert!(imperfect < 5_000, "{imperfect} sets found no perfect table");
}

/// xorshift64*: a generator with the same sets in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }

    fn letters(&mut self, count: usize, alphabet: &[u8]) -> String {
        (0..count).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}
