//! Suggests the known word nearest to a misspelt word.

use crate::spelling;

/// The known word that is one edit away from `word`.
pub(crate) fn one_edit_from<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    spelling::nearest(word, &mut known.iter().copied().filter(|known| *known != word), |_| 1)
}

#[cfg(test)]
mod tests {
    use super::one_edit_from;

    #[test]
    fn one_edit_is_one_letter_or_one_swap() {
        for near in ["initator", "initiatorr", "initiatir", "intiiator", "nitiator"] {
            assert_eq!(one_edit_from(near, &["initiator"]), Some("initiator"), "{near}");
        }
        for far in ["initiator", "inititar", "initiators_", "xyinitiator", "itiator", "in", ""] {
            assert_eq!(one_edit_from(far, &["initiator"]), None, "{far}");
        }
    }

    #[test]
    fn the_first_of_the_nearest_words_is_offered() {
        assert_eq!(one_edit_from("closex", &["closed", "closes"]), Some("closed"));
        assert_eq!(one_edit_from("closex", &["closes", "closed"]), Some("closes"));
    }

    #[test]
    fn only_words_of_at_most_64_bytes_are_compared() {
        let [shorter, longest, longer] = [63, 64, 65].map(|length| "a".repeat(length));
        assert_eq!(one_edit_from(&shorter, &[&longest]), Some(&longest[..]));
        assert_eq!(one_edit_from(&longest, &[&shorter]), Some(&shorter[..]));
        assert_eq!(one_edit_from(&longer, &[&longest]), None);
        assert_eq!(one_edit_from(&longest, &[&longer]), None);
    }

    #[test]
    fn the_near_word_is_offered() {
        assert_eq!(one_edit_from("resaon", &["method", "reason"]), Some("reason"));
        assert_eq!(one_edit_from("session", &["method", "reason"]), None);
    }
}
