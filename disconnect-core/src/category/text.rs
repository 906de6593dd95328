//! Cleans free text for a log line, and formats it into a line on the stack.

use core::fmt;

mod unsafe_chars {
    disconnect_derive::__shared!(unsafe_chars);
}

pub(crate) use self::unsafe_chars::replacement;

/// The maximum length of free text on one line, in bytes.
pub(crate) const MAX: usize = 256;

/// Returns the longest prefix of `text` that is clean and has at most [`MAX`] bytes.
pub(crate) fn clean_prefix(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(start, c)| start + c.len_utf8() > MAX || replacement(*c).is_some())
        .map_or(text.len(), |(start, _)| start);
    &text[..end]
}

/// A clean line of at most `N` bytes. Longer text is cut at a character boundary.
pub struct Line<const N: usize = MAX> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    /// An empty line.
    pub const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Formats into a line. If the `Display` of a value fails, the text ends there.
    pub fn new(text: fmt::Arguments<'_>) -> Self {
        let mut line = Self::EMPTY;
        // The error of a full line is expected: the text is cut.
        let _ = fmt::write(&mut line, text);
        line
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// The text, or `None` for an empty one: `tracing` writes no field for `None`.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        (self.len > 0).then(|| self.text())
    }

    /// Appends a cleaned character. Returns `false` if the line is full.
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

/// A full line returns an error, so that formatting of a large value stops.
impl<const N: usize> fmt::Write for Line<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.chars().all(|c| self.push(c)) { Ok(()) } else { Err(fmt::Error) }
    }
}
