//! A set of categories: the two traits that the derive implements, the tables it writes, and the bodies of its functions.

use core::fmt;

use super::lookup::Lookup;
use super::marker;
use super::row::Category;

/// A closed set of categories that are logged under one key.
///
/// Implemented by [`#[derive(DisconnectField)]`](macro@crate::DisconnectField), which also gives the enum inherent
/// constants and `const fn`s of the same names, so that this trait is only needed in generic code.
///
/// Every logged value parses back to the category that wrote it, and nothing else does, but for the aliases: the match
/// is exact, without trimming or case folding.
///
/// ```
/// use disconnect_core::DisconnectField;
///
/// /// Why a player left.
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("leave_reason")]
/// enum LeaveReason {
///     /// Nobody said why.
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
/// assert_eq!(LeaveReason::CATEGORIES[0].docs, "Nobody said why.");
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
    note = "free text belongs into the detail"
)]
pub trait DisconnectField: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The tables that the derive wrote.
    #[doc(hidden)]
    const SET: &'static Set;
    /// The log key.
    const FIELD: &'static str = Self::SET.field;
    /// The log key of the expected flag, should the set have one.
    #[doc(hidden)]
    const EXPECTED_KEY: &'static str = Self::SET.expected_key;
    /// Every category, in the order of declaration.
    const ALL: &'static [Self];
    /// What is known of each category, in the order of declaration.
    const CATEGORIES: &'static [Category] = Self::SET.categories;

    /// The position in the order of declaration, below `ALL.len()`.
    fn index(self) -> usize;

    /// The category with this logged value or alias; the match is exact.
    fn parse(value: &str) -> Option<Self> {
        parse(value)
    }

    /// What is known of this category.
    fn category(self) -> &'static Category {
        &Self::CATEGORIES[self.index()]
    }

    /// The logged value.
    fn as_str(self) -> &'static str {
        self.category().value
    }

    /// Whether this is a logged value or an alias; the match is exact.
    fn valid(value: &str) -> bool {
        valid::<Self>(value)
    }

    /// Key and value, for any logger.
    fn field(self) -> (&'static str, &'static str) {
        (Self::FIELD, self.as_str())
    }
}

/// A set whose categories are each expected or not: part of normal operation, or to be looked into.
///
/// Derived where the key is `disconnect_reason`, where a variant is `#[expected]`, and where `#[field]` names a key for
/// the expected flag. An initiator, say, is neither expected nor unexpected, and has no `.expected()`.
///
/// ```
/// use disconnect_core::{DisconnectReason, Expectation};
///
/// fn wants_a_look<T: Expectation>(why: T) -> bool {
///     !why.expected()
/// }
/// assert!(wants_a_look(DisconnectReason::NetworkError));
/// assert!(!wants_a_look(DisconnectReason::Graceful));
/// ```
#[diagnostic::on_unimplemented(
    message = "the categories of `{Self}` are neither expected nor unexpected",
    label = "has no `#[expected]` category",
    note = "mark the variants that are part of normal operation with `#[expected]`"
)]
pub trait Expectation: DisconnectField {
    /// The log key of the expected flag.
    const EXPECTED_FIELD: &'static str = Self::EXPECTED_KEY;

    /// Whether this end is part of normal operation; `false` means: look into it.
    fn expected(self) -> bool {
        expected::<Self>(self.index())
    }

    /// Key and value of the expected flag, for any logger.
    fn expected_field(self) -> (&'static str, bool) {
        (Self::EXPECTED_FIELD, self.expected())
    }
}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::ExpectedKey> Expectation for T {}

/// The tables of one set, as literals: nothing is computed when an enum is checked.
#[derive(Debug)]
pub struct Set {
    /// The log key.
    pub field: &'static str,
    /// The log key of the expected flag.
    pub expected_key: &'static str,
    /// In the order of declaration.
    pub categories: &'static [Category],
    /// Which of the first 64 categories are expected, from the lowest bit on.
    pub expected: u64,
    /// Finds a category by its logged value or alias.
    pub lookup: Lookup,
}

impl Set {
    /// What stands in for an enum with mistakes.
    pub const EMPTY: Self = Self {
        field: "",
        expected_key: "",
        categories: &[],
        expected: 0,
        lookup: Lookup { seed: 0, names: &[], owners: &[], shifts: &[], slots: &[0, 0], longest: 0, run: 1 },
    };
}

/// What a category of an enum with mistakes is known by.
pub static NO_CATEGORY: Category = Category { value: "", aliases: &[], expected: None, docs: "" };
/// In a row of a set: part of normal operation.
pub const EXPECTED: Option<bool> = Some(true);
/// In a row of a set: to be looked into.
pub const UNEXPECTED: Option<bool> = Some(false);
/// In a row of a set: read back from its value alone.
pub const NO_ALIASES: &[&str] = &[];

/// The rows of every derived enum.
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

/// The row with this logged value or alias.
pub(crate) const fn row<T: DisconnectField>(value: &str) -> Option<&'static Category> {
    match T::SET.lookup.find(value) {
        Lookup::MISS => None,
        position => Some(&T::SET.categories[position]),
    }
}

/// The position of a row in this set. One of its own is known by its address; another set's, by its logged value.
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
    // In a small set a constant and a shift, without a look at the rows.
    if T::SET.categories.len() <= 64 {
        T::SET.expected >> (index & 63) & 1 == 1
    } else {
        T::SET.categories[index].is_expected()
    }
}

/// The logged value of a category behind a reference.
pub fn as_str<T: DisconnectField>(category: &T) -> &'static str {
    category.as_str()
}

/// The impls that are the same for every derived enum.
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
