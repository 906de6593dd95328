//! Values made of the bytes of an input. Where the bytes run out, every value is the simplest one.

use arbitrary::Unstructured;

pub(crate) struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0.take_rest()
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.int_in_range(0..=limit - 1).unwrap_or_default()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Mostly near a limit of some integer type.
    pub(crate) fn number(&mut self) -> i64 {
        const NEAR: [i64; 14] = [
            0,
            1 << 7,
            1 << 8,
            1000,
            3000,
            5000,
            1 << 16,
            1 << 31,
            1 << 32,
            (1 << 62) - 1,
            i64::MAX,
            -1 << 31,
            -1 << 62,
            i64::MIN,
        ];
        match self.below(3) {
            0 => self.0.arbitrary().unwrap_or_default(),
            1 => i64::from(self.0.arbitrary::<u8>().unwrap_or_default()),
            _ => {
                let by = self.0.arbitrary::<i8>().unwrap_or_default();
                self.pick(&NEAR).saturating_add(i64::from(by))
            }
        }
    }

    /// Also characters that break, reorder or hide text, and those beside them.
    pub(crate) fn char(&mut self) -> char {
        const EDGES: [char; 26] = [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{1f}',
            ' ',
            '"',
            '\\',
            '\u{7e}',
            '\u{7f}',
            '\u{80}',
            '\u{85}',
            '\u{9f}',
            '\u{a0}',
            '\u{ad}',
            '\u{200d}',
            '\u{2028}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{fffd}',
            '\u{e0041}',
            '\u{10ffff}',
            'é',
            '🚀',
        ];
        match self.below(4) {
            0 => self.pick(&EDGES),
            1 => self.0.arbitrary().unwrap_or_default(),
            _ => char::from(self.0.int_in_range(b' '..=b'~').unwrap_or(b' ')),
        }
    }

    /// A text of at most this many characters.
    pub(crate) fn text(&mut self, longest: usize) -> String {
        let length = self.below(longest + 1);
        let mut text = String::new();
        while text.chars().count() < length {
            let c = self.char();
            // Some characters many times: limits are counted in bytes.
            let times = if self.below(16) == 0 { self.below(longest + 1) } else { 1 };
            text.extend(std::iter::repeat_n(c, times.max(1)));
        }
        text
    }

    /// A word near one of these: the same, or with a character changed, added or taken away.
    pub(crate) fn near(&mut self, words: &[&str]) -> String {
        let word = self.pick(words);
        let mut chars: Vec<char> = word.chars().collect();
        for _ in 0..self.below(3) {
            let at = self.below(chars.len() + 1);
            match self.below(3) {
                0 => chars.insert(at, self.char()),
                1 if at < chars.len() => drop(chars.remove(at)),
                _ if at < chars.len() => chars[at] = self.char(),
                _ => {}
            }
        }
        chars.into_iter().collect()
    }
}

/// Whether a text can be one line of a log, by the lists of Unicode and not by the library's own.
pub(crate) fn is_clean(text: &str) -> bool {
    let is_bidi =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_hidden =
        |c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
    let breaks = |c| matches!(c, '\u{2028}' | '\u{2029}');
    !text.chars().any(|c| c.is_control() || is_bidi(c) || is_hidden(c) || breaks(c))
}
