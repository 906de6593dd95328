//! [`Category`]: one row of a set.

use core::fmt;

/// One category of a set, without its type: the logged value, the aliases, the expected flag and the documentation.
///
/// [`DisconnectField::CATEGORIES`](crate::DisconnectField::CATEGORIES) has one row for each category. The readers of
/// [`Disconnect`](crate::Disconnect), such as [`reason`](crate::Disconnect::reason), return rows. `Display` writes the
/// logged value.
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
    /// Further texts that parse as this category. They are never logged.
    pub aliases: &'static [&'static str],
    /// Whether an end with this category is part of normal operation. `None` in a set without an expected flag.
    pub expected: Option<bool>,
    /// The doc comment of the variant.
    pub docs: &'static str,
}

impl Category {
    /// Returns the logged value. As a function it serves for `end.cause().map(Category::as_str)`.
    pub const fn as_str(&self) -> &'static str {
        self.value
    }

    /// Whether the expected flag is `true`. `false` in a set without an expected flag.
    pub const fn is_expected(&self) -> bool {
        matches!(self.expected, Some(true))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.value)
    }
}
