//! Which characters may stand in free text on a log line, and how much of it.

/// The most bytes of free text on one line.
pub(crate) const MAX: usize = 256;

/// What is written instead of a character that breaks, reorders or hides text, or `None` where it may stay.
pub(crate) const fn replacement(c: char) -> Option<char> {
    match c {
        // What breaks a line or moves the cursor along it.
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Further C0, DEL and C1 controls, escape among them; bidi controls; zero-width, interlinear and tag characters.
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    }
}

/// The longest beginning of `text` that is clean and fits.
pub(crate) fn clean_prefix(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(start, c)| start + c.len_utf8() > MAX || replacement(*c).is_some())
        .map_or(text.len(), |(start, _)| start);
    &text[..end]
}
