// Which characters may stand in a text on a log line. Shared with `disconnect-core` by `__shared!`.

/// What is written instead of a character that breaks, reorders or hides text, or `None` where it may stay.
///
/// Hidden are the characters with the property `Default_Ignorable_Code_Point`, in `DerivedCoreProperties.txt` of Unicode
/// 17.0, all of them. Some belong to ordinary text: the joiners of Persian and of emoji, variation selectors. They go
/// too, since two texts that look alike would otherwise differ, or one text could carry another.
pub(crate) const fn replacement(c: char) -> Option<char> {
    match c {
        // What breaks a line or moves the cursor along it.
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Further C0, DEL and C1 controls, escape among them.
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        // Soft hyphen, grapheme joiner, the Arabic letter mark.
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        // Fillers of Hangul, inherent vowels of Khmer, selectors of Mongolian.
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{3164}'
        | '\u{ffa0}'
        // Zero-width characters, joiners, bidi controls, invisible operators.
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        // Variation selectors, reserved code points, and interlinear annotations, which are not ignorable but unseen.
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fff0}'..='\u{fffb}'
        // Controls of shorthand and of musical notation.
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        // Tags, further variation selectors, and what is reserved for their like.
        | '\u{e0000}'..='\u{e0fff}' => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    }
}
