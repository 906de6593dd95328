//! [`Detail`]: free text in addition to the categories.

use core::fmt;

#[cfg(feature = "std")]
use core::error::Error;

#[cfg(feature = "std")]
use std::{borrow::Cow, boxed::Box, string::String};

#[cfg(feature = "std")]
use crate::category::{Line, replacement};
use crate::category::{MAX, clean_prefix};

/// Free text for human readers. Logged as `disconnect_detail`. Do not use it as a metric label: its values are
/// unbounded.
///
/// The text may come from an attacker, so it is cleaned: it has one line of at most [`Detail::MAX_LEN`] bytes, cut at a
/// character boundary. Line breaks and tabs become a space. Every other control, escape, bidirectional or hidden
/// character becomes U+FFFD. Hidden characters are the default-ignorable code points of Unicode, which include joiners
/// and variation selectors.
///
/// A clean `&'static str` is stored without an allocation. Without the feature `std`, only `&'static str` is accepted,
/// and the text is cut at the first character that is not clean.
///
/// ```
/// use disconnect_core::Detail;
///
/// assert_eq!(Detail::from("agent is restarting").as_str(), "agent is restarting");
/// # #[cfg(feature = "std")] {
/// assert_eq!(Detail::from(format_args!("line 1\nline {}", 2)).as_str(), "line 1 line 2");
/// assert_eq!(Detail::from("\u{1b}[31mred").as_str(), "\u{fffd}[31mred");
/// assert_eq!(Detail::from("é".repeat(200)).as_str().len(), 256);
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Detail(Text);

#[cfg(feature = "std")]
type Text = Cow<'static, str>;
#[cfg(not(feature = "std"))]
type Text = &'static str;

impl Detail {
    /// The maximum length in bytes.
    pub const MAX_LEN: usize = MAX;

    /// Returns the text: one clean line.
    pub fn as_str(&self) -> &str {
        let Self(text) = self;
        text
    }
}

#[cfg(feature = "std")]
impl Detail {
    /// The texts of an error and its sources, as `outer: inner: innermost`. A text that already ends with the text of
    /// its source is not repeated.
    pub(crate) fn of_error(error: &(dyn Error + 'static)) -> Self {
        /// The maximum number of sources, which may form a cycle.
        const MOST: usize = 64;
        let mut text: Line = Line::new(format_args!("{error}"));
        let sources = core::iter::successors(error.source(), |&error| error.source());
        for source in sources.take(MOST) {
            let inner: Line = Line::new(format_args!("{source}"));
            let is_told =
                text.text().strip_suffix(inner.text()).is_some_and(|outer| !outer.ends_with(char::is_alphanumeric));
            if !is_told {
                text = Line::new(format_args!("{}: {}", text.text(), inner.text()));
            }
        }
        Self(Cow::Owned(text.text().into()))
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "std")]
impl From<&'static str> for Detail {
    fn from(text: &'static str) -> Self {
        let clean = clean_prefix(text);
        let next = text[clean.len()..].chars().next();
        match next.and_then(replacement) {
            None => Self(Cow::Borrowed(clean)),
            Some(_) => Self::from(format_args!("{text}")),
        }
    }
}

#[cfg(not(feature = "std"))]
impl From<&'static str> for Detail {
    fn from(text: &'static str) -> Self {
        Self(clean_prefix(text))
    }
}

/// For borrowed text that is not `'static`: `Detail::from(format_args!("{text}"))`.
#[cfg(feature = "std")]
impl From<fmt::Arguments<'_>> for Detail {
    fn from(text: fmt::Arguments<'_>) -> Self {
        Self(Cow::Owned(<Line>::new(text).text().into()))
    }
}

#[cfg(feature = "std")]
impl From<String> for Detail {
    fn from(mut text: String) -> Self {
        let clean = clean_prefix(&text).len();
        if clean == text.len() {
            // Frees the unused capacity of a large buffer.
            text.shrink_to_fit();
            return Self(Cow::Owned(text));
        }
        Self::from(format_args!("{text}"))
    }
}

#[cfg(feature = "std")]
impl From<Box<str>> for Detail {
    fn from(text: Box<str>) -> Self {
        Self::from(String::from(text))
    }
}

#[cfg(feature = "std")]
impl From<Cow<'static, str>> for Detail {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from(text),
            Cow::Owned(text) => Self::from(text),
        }
    }
}
