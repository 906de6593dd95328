//! Lists from iterators.

/// Collects the items. Shorter than `collect`, which the compiler would build in several variants for each type of
/// iterator, without optimization, in every build of every user.
pub(crate) fn list<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::new();
    for item in items {
        list.push(item);
    }
    list
}
