//! Free text on its way into a line: clean, cut at a character, and no more work than the line is long.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use disconnect_core::Detail;

use crate::input::{Input, is_clean};
use crate::unsafe_chars::replacement;

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.below(4) {
        0 => works_no_more_than_needed(&mut input),
        1 => text_of_the_source(&mut input),
        2 => any_text(&String::from_utf8_lossy(input.rest())),
        _ => any_text(&input.text(400)),
    }
}

fn any_text(text: &str) {
    let detail = Detail::from(text.to_owned());
    is_cleaned(text, &detail);
    for same in [
        Detail::from(format_args!("{text}")),
        Detail::from(Box::<str>::from(text)),
        Detail::from(Cow::<'static, str>::Owned(text.to_owned())),
        // In pieces, as a `Display` writes it.
        Detail::from(format_args!("{}", Pieces(text))),
        Detail::from(detail.as_str().to_owned()),
        Detail::from(detail.to_string()),
    ] {
        assert_eq!(same, detail, "{text:?}");
    }
}

/// The law, character by character.
fn is_cleaned(text: &str, detail: &Detail) {
    let kept = detail.as_str();
    assert!(is_clean(kept) && kept.len() <= Detail::MAX_LEN, "{kept:?}");
    let mut rest = text.chars();
    for (kept, given) in kept.chars().zip(rest.by_ref()) {
        let expected = replacement(given).unwrap_or(given);
        assert_eq!(kept, expected, "{text:?}");
        let is_break = given.is_whitespace() && given.is_control() || matches!(given, '\u{2028}' | '\u{2029}');
        assert!(kept == given || kept == if is_break { ' ' } else { '\u{fffd}' }, "{given:?} became {kept:?}");
    }
    let count = kept.chars().count();
    if let Some(next) = text.chars().nth(count) {
        let next = replacement(next).unwrap_or(next);
        assert!(kept.len() + next.len_utf8() > Detail::MAX_LEN, "{kept:?} is cut too early");
    }
}

/// Slices of a text of the source: a clean one is kept as it is.
fn text_of_the_source(input: &mut Input<'_>) {
    const SOURCE: &str = include_str!("../../../disconnect-core/src/guide/evidence.md");
    const ODD: &str =
        "plain \u{1b}[31m red \u{202e} back \r\n next\u{2028}line \u{7f}\u{85}\u{9b}é🚀 \u{e0041}\u{feff}end";
    let text = if input.flag() { ODD } else { SOURCE };
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = |input: &mut Input<'_>| input.pick(&ends);
    let (a, b) = (at(input), at(input));
    let slice = &text[a.min(b)..a.max(b)];
    let detail = Detail::from(slice);
    is_cleaned(slice, &detail);
    assert_eq!(detail, Detail::from(Cow::Borrowed(slice)));
    assert_eq!(detail, Detail::from(slice.to_owned()));
}

/// A huge value is not formatted to its end.
fn works_no_more_than_needed(input: &mut Input<'_>) {
    let piece = input.text(40);
    let huge = Huge { piece: &piece, times: 1 << 12, written: Cell::new(0) };
    is_cleaned(&piece.repeat(300), &Detail::from(format_args!("{huge}")));
    // The last piece does not fit. What is cleaned may become shorter, by a byte for each.
    let most = if piece.is_empty() { huge.times } else { Detail::MAX_LEN * 4 + 1 };
    assert!(huge.written.get() <= most, "{} pieces of {piece:?}", huge.written.get());
}

struct Huge<'a> {
    piece: &'a str,
    times: usize,
    written: Cell<usize>,
}

impl fmt::Display for Huge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.times {
            self.written.set(self.written.get() + 1);
            f.write_str(self.piece)?;
        }
        Ok(())
    }
}

struct Pieces<'a>(&'a str);

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| write!(f, "{c}"))
    }
}
