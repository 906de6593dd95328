//! `Serialize` and `Deserialize` for derived enums.

/// Implements `Serialize` as the logged value, and `Deserialize` as the strict inverse.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serde_impls {
    ($category:ident) => {
        #[automatically_derived]
        impl $crate::__private::serde_core::Serialize for $category {
            fn serialize<S: $crate::__private::serde_core::Serializer>(
                &self,
                serializer: S,
            ) -> $crate::__private::Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::__private::as_str(self))
            }
        }
        #[automatically_derived]
        impl<'de> $crate::__private::serde_core::Deserialize<'de> for $category {
            fn deserialize<D: $crate::__private::serde_core::Deserializer<'de>>(
                deserializer: D,
            ) -> $crate::__private::Result<Self, D::Error> {
                $crate::__private::deserialize(deserializer)
            }
        }
    };
}

/// Without the feature `serde`: expands to nothing.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serde_impls {
    ($category:ident) => {};
}

/// The body of every derived `Deserialize`. Its error is a static text, so that rejecting a value costs no formatting.
#[cfg(feature = "serde")]
pub(crate) mod de {
    use core::fmt;
    use core::marker::PhantomData;

    use serde_core::de::{Deserializer, Error, Visitor};

    use super::super::field::DisconnectField;

    struct Strict<T>(PhantomData<T>);

    impl<T: DisconnectField> Visitor<'_> for Strict<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a {} value", T::FIELD)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            T::parse(text).ok_or_else(|| E::custom("not a category of this set"))
        }
    }

    /// # Errors
    ///
    /// Fails if the input is not a string, or if the string is not a category.
    pub fn deserialize<'de, T: DisconnectField, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(Strict(PhantomData))
    }
}
