// The characters that are replaced in a text of a log line. Shared with `disconnect-core` by `__shared!`.

/// The replacement of a character that breaks, reorders or hides text, or `None` for a safe character.
///
/// Hidden characters have the property `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt` of Unicode 17.0).
/// Some of them occur in ordinary text: the joiners of Persian and of emoji, and variation selectors. They are replaced
/// as well: otherwise two texts that look the same could differ, or a text could carry a hidden one.
pub(crate) const fn replacement(c: char) -> Option<char> {
    match c {
        // Characters that break a line or move the cursor within it.
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Other C0 controls (including escape), DEL and C1 controls.
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        // Soft hyphen, combining grapheme joiner, Arabic letter mark.
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        // Hangul fillers, Khmer inherent vowels, Mongolian variation selectors.
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{3164}'
        | '\u{ffa0}'
        // Zero-width characters, joiners, bidirectional controls, invisible operators.
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        // Variation selectors, reserved code points, and interlinear annotations, which are not ignorable but
        // invisible.
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fff0}'..='\u{fffb}'
        // Shorthand format controls and musical notation controls.
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        // Tags, further variation selectors, and the code points reserved for such characters.
        | '\u{e0000}'..='\u{e0fff}' => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    }
}
