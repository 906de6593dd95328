//! Categories: the traits, the row of a category, the slots, the lookup table behind `parse`, and text cleaning.

mod assert;
mod field;
mod lookup;
pub mod marker;
#[cfg(feature = "std")]
mod recorded;
mod row;
mod serde_impls;
pub mod slot;
mod text;
mod unknown;

pub use self::assert::Difference;
#[cfg(feature = "tracing")]
pub(crate) use self::assert::same;
#[cfg(feature = "std")]
pub(crate) use self::field::position;
pub(crate) use self::field::row;
pub use self::field::{
    DisconnectField, EXPECTED, Expectation, NO_ALIASES, NO_CATEGORY, Set, UNEXPECTED, as_str, categories, expected,
    parse, valid, value,
};
pub use self::lookup::Lookup;
#[cfg(feature = "std")]
pub use self::recorded::Recorded;
pub use self::row::Category;
#[cfg(feature = "serde")]
pub use self::serde_impls::de::deserialize;
pub use self::text::Line;
#[cfg(feature = "std")]
pub(crate) use self::text::replacement;
pub(crate) use self::text::{MAX, clean_prefix};
pub use self::unknown::{UnknownCategory, from_str};

/// The log keys of the disconnect event.
pub(crate) mod keys {
    disconnect_derive::__shared!(keys);
}
