//! The table that the derive finds for a set of names, in the form that the core reads. The fuzz targets use it too.

use std::collections::BTreeSet;

use disconnect_core::__private::Lookup;

use crate::search;

/// The table that the derive emits for these names, each its own category.
pub(crate) fn lookup(names: &[String]) -> Lookup {
    let names: Vec<&'static str> = names.iter().map(|name| &*name.clone().leak()).collect();
    let search::Table { order, seed, shifts, slots, run } = search::search(&names);
    let owners: Vec<u16> = order.iter().map(|position| u16::try_from(*position).unwrap()).collect();
    Lookup {
        seed,
        names: order.iter().map(|position| names[*position]).collect::<Vec<_>>().leak(),
        owners: bytes(&owners),
        shifts: bytes(&shifts),
        slots: bytes(&slots),
        longest: names.iter().map(|name| name.len()).max().unwrap_or_default(),
        run,
    }
}

fn bytes(numbers: &[u16]) -> &'static [u8] {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>().leak()
}

/// Checks that every name is found and nothing else is. Returns the table.
pub(crate) fn assert_exact(names: &[String]) -> Lookup {
    let lookup = lookup(names);
    let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(known.len(), names.len(), "the names are distinct");
    for (position, name) in names.iter().enumerate() {
        assert_eq!(lookup.find(name), position, "{name:?} of {} names", names.len());
        for stranger in strangers(name).filter(|stranger| !known.contains(stranger.as_str())) {
            assert_eq!(lookup.find(&stranger), Lookup::MISS, "{stranger:?} of {} names", names.len());
        }
    }
    lookup
}

/// Longer and shorter texts, and texts with one changed byte where the words of the hash meet.
fn strangers(name: &str) -> impl Iterator<Item = String> {
    let changed = [0, 3, 4, 7, 8, 15, 16, 20, 23, 24, 31, 32, name.len() / 2, name.len().saturating_sub(1)];
    let changed = changed.into_iter().filter(|at| *at < name.len() && name.is_ascii());
    let changed = changed.map(|at| format!("{}~{}", &name[..at], &name[at + 1..]));
    let shorter = name.char_indices().next_back().map(|(at, _)| name[..at].to_owned());
    changed.chain(shorter).chain([format!("{name}a"), format!("a{name}")])
}
