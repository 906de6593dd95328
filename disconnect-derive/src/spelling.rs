// Which known word a misspelt one stands for. Shared with `disconnect-core` by `__shared!`.

/// The known word with the fewest edits to `text`, if they are at most as many as `within` allows for that word.
pub(crate) fn nearest<'a>(
    text: &str,
    known: impl IntoIterator<Item = &'a str>,
    within: impl Fn(&str) -> usize,
) -> Option<&'a str> {
    known
        .into_iter()
        .filter_map(|word| Some((edits(text.as_bytes(), word.as_bytes())?, word)))
        .filter(|(edits, word)| *edits <= within(word))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

/// The edit distance: a letter too many, too few, wrong, or swapped with its neighbour (optimal string alignment).
/// `None` where a text is longer than any word worth comparing.
fn edits(a: &[u8], b: &[u8]) -> Option<usize> {
    const LONGEST: usize = 64;
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
