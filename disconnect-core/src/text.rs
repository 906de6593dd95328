//! One clean line out of any text: what may be logged, and a buffer that lets nothing else in.

use core::fmt;

/// The most bytes of free text on one line.
pub(crate) const MAX: usize = 256;

/// What becomes of a character on the way into a line.
enum Fate {
    Kept,
    Replaced(char),
}

fn fate(c: char) -> Fate {
    match c {
        // What breaks a line or moves the cursor along it.
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Replaced(' '),
        // Further controls, escape among them, and C1.
        c if c.is_control() => Fate::Replaced(char::REPLACEMENT_CHARACTER),
        // What reorders or hides text: bidi controls, zero-width and interlinear characters, tags.
        '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Fate::Replaced(char::REPLACEMENT_CHARACTER),
        _ => Fate::Kept,
    }
}

/// The longest beginning of `text` that is clean and fits.
pub(crate) fn clean_prefix(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(start, c)| start + c.len_utf8() > MAX || matches!(fate(*c), Fate::Replaced(_)))
        .map_or(text.len(), |(start, _)| start);
    &text[..end]
}

/// A line of at most [`MAX`] bytes, on the stack. What does not fit is cut at a character.
pub struct Line {
    bytes: [u8; MAX],
    len: usize,
}

impl Line {
    /// An empty line.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; MAX], len: 0 }
    }

    /// Cleans and adds; `false` once the line is full.
    pub(crate) fn push(&mut self, c: char) -> bool {
        let c = match fate(c) {
            Fate::Kept => c,
            Fate::Replaced(other) => other,
        };
        let Some(room) = self.bytes.get_mut(self.len..self.len + c.len_utf8()) else {
            return false;
        };
        c.encode_utf8(room);
        self.len += c.len_utf8();
        true
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// The text, or `None` where there is none: tracing writes no field then.
    pub fn as_str(&self) -> Option<&str> {
        (self.len > 0).then(|| self.text())
    }
}

/// A full line reports an error, so that a huge value is not formatted to its end.
impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.chars().all(|c| self.push(c)) { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Formats into one clean line. An error of the value's own `Display` ends the text where it occurs.
pub(crate) fn line(value: fmt::Arguments<'_>) -> Line {
    let mut line = Line::new();
    // A full line is not an error here: the text is cut, as promised.
    let _ = fmt::write(&mut line, value);
    line
}
