//! [`Recorded`]: a category read back from a log, a database or a peer.

use std::boxed::Box;
use std::fmt;
use std::str::FromStr;
use std::string::String;

use super::field::{DisconnectField, Expectation};
use super::text::Line;

/// A value read from a log, a database or a peer: a category of `T`, or the unknown text itself.
///
/// Use it wherever a newer or different program wrote the value. An unknown value is kept unchanged; it is neither
/// [`valid`](Self::valid) nor [`expected`](Self::expected). `Display` writes the value as one clean line, and
/// [`as_str`](Self::as_str) returns it unchanged.
///
/// ```
/// use disconnect_core::{DisconnectReason, Recorded};
///
/// let known = Recorded::<DisconnectReason>::from("graceful");
/// assert_eq!(known.known(), Some(DisconnectReason::Graceful));
/// assert!(known.valid() && known.expected());
///
/// let newer = Recorded::<DisconnectReason>::from("quota_exceeded");
/// assert_eq!(newer.as_str(), "quota_exceeded");
/// assert!(!newer.valid() && !newer.expected());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<T>(Inner<T>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner<T> {
    Known(T),
    Unknown(Box<str>),
}

impl<T: Copy> Recorded<T> {
    /// The category, if the value is one. For a `T` that may be no category enum.
    pub(crate) fn category(&self) -> Option<T> {
        match self.0 {
            Inner::Known(category) => Some(category),
            Inner::Unknown(_) => None,
        }
    }
}

impl<T: DisconnectField> Recorded<T> {
    /// Whether the value is a category of `T`.
    pub fn valid(&self) -> bool {
        self.known().is_some()
    }

    /// Returns the category, or `None` for an unknown value.
    pub fn known(&self) -> Option<T> {
        self.category()
    }

    /// Returns the logged value of a known category, also where an alias was read, or the unknown text unchanged.
    ///
    /// An unknown text may contain control characters. Print it with `Display`, which replaces them.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Inner::Known(category) => category.as_str(),
            Inner::Unknown(text) => text,
        }
    }
}

impl<T: Expectation> Recorded<T> {
    /// Whether an end with this value is part of normal operation. `false` for an unknown value.
    pub fn expected(&self) -> bool {
        self.known().is_some_and(T::expected)
    }
}

impl<T> From<T> for Recorded<T> {
    fn from(category: T) -> Self {
        Self(Inner::Known(category))
    }
}

impl<T: DisconnectField> From<&str> for Recorded<T> {
    fn from(text: &str) -> Self {
        Self(T::parse(text).map_or_else(|| Inner::Unknown(text.into()), Inner::Known))
    }
}

impl<T: DisconnectField> From<String> for Recorded<T> {
    fn from(text: String) -> Self {
        Self(T::parse(&text).map_or_else(|| Inner::Unknown(text.into()), Inner::Known))
    }
}

impl<T: DisconnectField> FromStr for Recorded<T> {
    type Err = core::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.into())
    }
}

impl<T: DisconnectField> fmt::Display for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(<Line>::new(format_args!("{}", self.as_str())).text())
    }
}

#[cfg(feature = "serde")]
mod serde_impls {
    use std::fmt;
    use std::marker::PhantomData;

    use serde_core::de::{Deserialize, Deserializer, Error, Visitor};
    use serde_core::ser::{Serialize, Serializer};

    use super::super::field::DisconnectField;
    use super::Recorded;

    impl<T: DisconnectField> Serialize for Recorded<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.as_str())
        }
    }

    impl<'de, T: DisconnectField> Deserialize<'de> for Recorded<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_str(Lenient(PhantomData))
        }
    }

    struct Lenient<T>(PhantomData<T>);

    impl<T: DisconnectField> Visitor<'_> for Lenient<T> {
        type Value = Recorded<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a {} value", T::FIELD)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(text.into())
        }
    }
}
