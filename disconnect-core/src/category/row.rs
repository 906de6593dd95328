//! One category: a row of its set.

use core::fmt;

/// What is known of one category: a row of `CATEGORIES`, for catalogues and documentation.
///
/// Its `Display` is the logged value, so that `end.reason()` can be written with `{}`.
///
/// ```
/// use disconnect_core::DisconnectReason;
///
/// let graceful = DisconnectReason::CATEGORIES[1];
/// assert_eq!((graceful.value, graceful.expected), ("graceful", Some(true)));
/// assert_eq!(format!("{graceful:>10}"), "  graceful");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    /// The logged value.
    pub value: &'static str,
    /// Further texts that are read back as this category, and never written.
    pub aliases: &'static [&'static str],
    /// Whether this end is part of normal operation; `None` in a set that is not split so.
    pub expected: Option<bool>,
    /// The doc comment of the variant.
    pub docs: &'static str,
}

impl Category {
    /// The logged value, as a function to pass on: `end.cause().map(Category::as_str)`.
    pub const fn as_str(&self) -> &'static str {
        self.value
    }

    /// Whether the category is known to be part of normal operation.
    pub const fn is_expected(&self) -> bool {
        matches!(self.expected, Some(true))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.value)
    }
}
