// Which characters may stand in a text on a log line. Shared with `disconnect-core` by `__shared!`.

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
