//! Free text made safe for a log line: which characters may stand in it, and one clean line on the stack.

use core::fmt;

mod unsafe_chars {
    disconnect_derive::__shared!(unsafe_chars);
}

pub(crate) use self::unsafe_chars::replacement;

/// The most bytes of free text on one line.
pub(crate) const MAX: usize = 256;

/// The longest beginning of `text` that is clean and fits.
pub(crate) fn clean_prefix(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(start, c)| start + c.len_utf8() > MAX || replacement(*c).is_some())
        .map_or(text.len(), |(start, _)| start);
    &text[..end]
}

/// A line of at most `N` bytes. What does not fit is cut at a character.
pub struct Line<const N: usize = MAX> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    /// An empty line.
    pub const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Formats into a line. An error of a value's own `Display` ends the text where it occurs.
    pub fn new(text: fmt::Arguments<'_>) -> Self {
        let mut line = Self::EMPTY;
        // A full line is no error here: the text is cut, as promised.
        let _ = fmt::write(&mut line, text);
        line
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// The text, or `None` where there is none: tracing writes no field then.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        (self.len > 0).then(|| self.text())
    }

    /// Cleans and adds; `false` once the line is full.
    fn push(&mut self, c: char) -> bool {
        let c = replacement(c).unwrap_or(c);
        match self.bytes.get_mut(self.len..self.len + c.len_utf8()) {
            Some(room) => {
                c.encode_utf8(room);
                self.len += c.len_utf8();
                true
            }
            None => false,
        }
    }
}

/// A full line reports an error, so that a huge value is not formatted to its end.
impl<const N: usize> fmt::Write for Line<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.chars().all(|c| self.push(c)) { Ok(()) } else { Err(fmt::Error) }
    }
}
