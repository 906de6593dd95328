// Finds the known word nearest to a misspelt word. Shared with `disconnect-core` by `__shared!`.

/// The maximum length of a compared text, in bytes.
pub(crate) const LONGEST: usize = 64;

/// The known word with the fewest edits to `text`, if there are at most `within(word)` edits.
// Not generic: the compiler would compile it once for each use.
pub(crate) fn nearest<'a>(
    text: &str,
    known: &mut dyn Iterator<Item = &'a str>,
    within: fn(&str) -> usize,
) -> Option<&'a str> {
    let mut nearest = None;
    let mut fewest = usize::MAX;
    for word in known {
        if let Some(edits) = edits(text.as_bytes(), word.as_bytes()) {
            if edits <= within(word) && edits < fewest {
                (nearest, fewest) = (Some(word), edits);
            }
        }
    }
    nearest
}

/// The edit distance: insertions, deletions, substitutions and swaps of neighbors (optimal string alignment). `None` if
/// a text has more than 64 bytes.
fn edits(a: &[u8], b: &[u8]) -> Option<usize> {
    if a.len() > LONGEST || b.len() > LONGEST {
        return None;
    }
    let mut before_last = [0; LONGEST + 1];
    let mut last = [0; LONGEST + 1];
    for (j, cell) in last.iter_mut().enumerate() {
        *cell = j;
    }
    for (i, x) in a.iter().enumerate() {
        let mut row = [i + 1; LONGEST + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            row[j + 1] = replaced.min(row[j] + 1).min(last[j + 1] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        (before_last, last) = (last, row);
    }
    Some(last[b.len()])
}
