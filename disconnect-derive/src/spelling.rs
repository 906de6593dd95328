//! Which known word a misspelt one stands for.

/// The known word that is one edit away from `word`: a letter too many, too few, wrong, or swapped with its neighbour.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().find(|known| one_edit(word, known))
}

fn one_edit(a: &str, b: &str) -> bool {
    if a == b {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (&a[..a.len() - end], &b[..b.len() - end]) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([first, second], [other_first, other_second]) => first == other_second && second == other_first,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{nearest, one_edit};

    #[test]
    fn one_edit_is_one_letter_or_one_swap() {
        for near in ["initator", "initiatorr", "initiatir", "intiiator", "nitiator"] {
            assert!(one_edit(near, "initiator"), "{near}");
        }
        for far in ["initiator", "inititar", "initiators_", "in", ""] {
            assert!(!one_edit(far, "initiator"), "{far}");
        }
    }

    #[test]
    fn the_first_near_word_is_offered() {
        assert_eq!(nearest("resaon", ["method", "reason"]), Some("reason"));
        assert_eq!(nearest("session", ["method", "reason"]), None);
    }
}
