//! The traits that the derive implements, the tables it writes, and the bodies of its functions.

use core::fmt;

use super::lookup::Lookup;
use super::marker;
use super::row::Category;

/// A closed set of categories that are logged under one key.
///
/// [`#[derive(DisconnectField)]`](macro@crate::DisconnectField) implements this trait for an enum. It also gives the
/// enum inherent constants and `const fn`s of the same names, so you need the trait only in generic code.
///
/// Every logged value parses back to its category. Apart from the aliases, no other text does: the match is exact,
/// without trimming or case folding.
///
/// ```
/// use disconnect_core::DisconnectField;
///
/// /// Why a player left.
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("leave_reason")]
/// enum LeaveReason {
///     /// The reason is not known.
///     #[alias("")]
///     Unknown,
///     /// The player quit from the menu.
///     #[expected]
///     Quit,
///     #[value("afk_kick")]
///     Idle,
/// }
///
/// assert_eq!(LeaveReason::FIELD, "leave_reason");
/// assert_eq!(LeaveReason::Idle.as_str(), "afk_kick");
/// assert_eq!(LeaveReason::parse("quit"), Some(LeaveReason::Quit));
/// assert_eq!(LeaveReason::parse(""), Some(LeaveReason::Unknown));
/// assert!(!LeaveReason::valid("rage_quit"));
/// assert_eq!(LeaveReason::Quit.expected_field(), ("leave_reason_expected", true));
/// assert_eq!(LeaveReason::CATEGORIES[0].docs, "The reason is not known.");
/// assert_eq!("qiut".parse::<LeaveReason>().unwrap_err().nearest(), Some("quit"));
///
/// fn key_and_value<T: DisconnectField>(category: T) -> (&'static str, &'static str) {
///     category.field()
/// }
/// assert_eq!(key_and_value(LeaveReason::Idle), ("leave_reason", "afk_kick"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a category enum",
    label = "not a category",
    note = "categories are enums with `#[derive(DisconnectField)]` and `#[field(\"key\")]`",
    note = "free text belongs in the detail"
)]
pub trait DisconnectField: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The tables that the derive wrote.
    #[doc(hidden)]
    const SET: &'static Set;
    /// The log key, such as `disconnect_reason`.
    const FIELD: &'static str = Self::SET.field;
    /// The log key of the expected flag, also for a set that has no expected flag.
    #[doc(hidden)]
    const EXPECTED_KEY: &'static str = Self::SET.expected_key;
    /// Every category, in declaration order.
    const ALL: &'static [Self];
    /// The row of each category, in declaration order.
    const CATEGORIES: &'static [Category] = Self::SET.categories;

    /// The position in declaration order, below `ALL.len()`.
    fn index(self) -> usize;

    /// Returns the category with this logged value or alias. The match is exact.
    fn parse(value: &str) -> Option<Self> {
        parse(value)
    }

    /// Returns the row of this category: value, aliases, expected flag and doc comment.
    fn category(self) -> &'static Category {
        &Self::CATEGORIES[self.index()]
    }

    /// Returns the logged value.
    fn as_str(self) -> &'static str {
        self.category().value
    }

    /// Whether the text is a logged value or an alias. The match is exact.
    fn valid(value: &str) -> bool {
        valid::<Self>(value)
    }

    /// Returns the log key and the logged value, for loggers other than `tracing`.
    fn field(self) -> (&'static str, &'static str) {
        (Self::FIELD, self.as_str())
    }
}

/// A set whose categories have an expected flag: `true` for a normal end, `false` for an end worth investigating.
///
/// The derive implements it where the key is `disconnect_reason`, where a variant has `#[expected]`, or where
/// `#[field]` names a key for the expected flag. A set such as [`DisconnectInitiator`](crate::DisconnectInitiator) has
/// no expected flag and no `.expected()`.
///
/// ```
/// use disconnect_core::{DisconnectReason, Expectation};
///
/// fn should_alert<T: Expectation>(reason: T) -> bool {
///     !reason.expected()
/// }
/// assert!(should_alert(DisconnectReason::NetworkError));
/// assert!(!should_alert(DisconnectReason::Graceful));
/// ```
#[diagnostic::on_unimplemented(
    message = "the categories of `{Self}` are neither expected nor unexpected",
    label = "has no `#[expected]` category",
    note = "mark the variants that are part of normal operation with `#[expected]`"
)]
pub trait Expectation: DisconnectField {
    /// The log key of the expected flag, such as `disconnect_expected`.
    const EXPECTED_FIELD: &'static str = Self::EXPECTED_KEY;

    /// Whether an end with this category is part of normal operation. `false` marks an end worth investigating.
    fn expected(self) -> bool {
        expected::<Self>(self.index())
    }

    /// Returns the key and the value of the expected flag, for loggers other than `tracing`.
    fn expected_field(self) -> (&'static str, bool) {
        (Self::EXPECTED_FIELD, self.expected())
    }
}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::ExpectedKey> Expectation for T {}

/// The tables of one set. The derive writes them as literals, so the compiler evaluates nothing for an enum.
#[derive(Debug)]
pub struct Set {
    /// The log key.
    pub field: &'static str,
    /// The log key of the expected flag.
    pub expected_key: &'static str,
    /// The rows, in declaration order.
    pub categories: &'static [Category],
    /// The expected flags of the first 64 categories; bit 0 is the first category.
    pub expected: u64,
    /// Finds the position of a category by its logged value or alias.
    pub lookup: Lookup,
}

impl Set {
    /// The set of an enum with errors.
    pub const EMPTY: Self = Self {
        field: "",
        expected_key: "",
        categories: &[],
        expected: 0,
        lookup: Lookup { seed: 0, names: &[], owners: &[], shifts: &[], slots: &[0, 0], longest: 0, run: 1 },
    };
}

/// The row of every category of an enum with errors.
pub static NO_CATEGORY: Category = Category { value: "", aliases: &[], expected: None, docs: "" };
/// The expected flag of a row with `#[expected]`.
pub const EXPECTED: Option<bool> = Some(true);
/// The expected flag of a row without `#[expected]`.
pub const UNEXPECTED: Option<bool> = Some(false);
/// The aliases of a row without `#[alias]`.
pub const NO_ALIASES: &[&str] = &[];

/// The body of every derived `CATEGORIES`.
pub const fn categories<T: DisconnectField>() -> &'static [Category] {
    T::SET.categories
}

/// The body of every derived `parse`.
pub const fn parse<T: DisconnectField>(value: &str) -> Option<T> {
    match T::SET.lookup.find(value) {
        Lookup::MISS => None,
        position => Some(T::ALL[position]),
    }
}

/// Returns the row with this logged value or alias.
pub(crate) const fn row<T: DisconnectField>(value: &str) -> Option<&'static Category> {
    match T::SET.lookup.find(value) {
        Lookup::MISS => None,
        position => Some(&T::SET.categories[position]),
    }
}

/// Returns the position of a category in this set. A row of this set is found by its address, a row of another set by
/// its logged value.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn position<T: DisconnectField>(row: &'static Category) -> Option<usize> {
    let offset = core::ptr::from_ref(row).addr().wrapping_sub(T::CATEGORIES.as_ptr().addr());
    let position = offset / size_of::<Category>();
    if T::CATEGORIES.get(position).is_some_and(|own| core::ptr::eq(own, row)) {
        return Some(position);
    }
    T::parse(row.value).map(DisconnectField::index)
}

/// The body of every derived `valid`.
pub const fn valid<T: DisconnectField>(value: &str) -> bool {
    parse::<T>(value).is_some()
}

/// The body of every derived `as_str`.
pub const fn value<T: DisconnectField>(index: usize) -> &'static str {
    T::SET.categories[index].value
}

/// The body of every derived `expected`.
pub const fn expected<T: DisconnectField>(index: usize) -> bool {
    // A set of up to 64 categories needs a constant and a shift, and no memory access.
    if T::SET.categories.len() <= 64 {
        T::SET.expected >> (index & 63) & 1 == 1
    } else {
        T::SET.categories[index].is_expected()
    }
}

/// The logged value of a borrowed category.
pub fn as_str<T: DisconnectField>(category: &T) -> &'static str {
    category.as_str()
}

/// Implements `Display`, `AsRef<str>` and `FromStr` for a derived enum.
#[doc(hidden)]
#[macro_export]
macro_rules! __text_impls {
    ($category:ident) => {
        #[automatically_derived]
        impl $crate::__private::Display for $category {
            fn fmt(&self, f: &mut $crate::__private::Formatter<'_>) -> $crate::__private::FmtResult {
                f.pad($crate::__private::as_str(self))
            }
        }
        #[automatically_derived]
        impl $crate::__private::AsRef<$crate::__private::str> for $category {
            fn as_ref(&self) -> &$crate::__private::str {
                $crate::__private::as_str(self)
            }
        }
        #[automatically_derived]
        impl $crate::__private::FromStr for $category {
            type Err = $crate::__private::UnknownCategory;
            fn from_str(
                text: &$crate::__private::str,
            ) -> $crate::__private::Result<Self, $crate::__private::UnknownCategory> {
                $crate::__private::from_str(text)
            }
        }
        $crate::__serde_impls!($category);
    };
}
