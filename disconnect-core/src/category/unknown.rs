//! [`UnknownCategory`]: the error of parsing a category.

use core::fmt;

use self::spelling::LONGEST;
use super::field::{DisconnectField, Set};
use super::row::Category;

mod spelling {
    disconnect_derive::__shared!(spelling);
}

/// The error of parsing a category from a text that is neither a logged value nor an alias.
///
/// Its message lists the set and names the nearest value.
///
/// Creating the error costs about as much as the lookup, because the nearest value is searched only on demand. For this
/// search the error keeps a text of at most 64 bytes. Its message does not contain the text, which may be hostile.
///
/// ```
/// use disconnect_core::DisconnectReason;
///
/// let error = "gracefull".parse::<DisconnectReason>().unwrap_err();
/// assert_eq!(error.nearest(), Some("graceful"));
/// assert!(error.to_string().starts_with("unknown disconnect_reason, did you mean `graceful`?"));
/// ```
#[derive(Clone, Copy)]
pub struct UnknownCategory {
    set: &'static Set,
    /// The length of the kept text. `None` for a text that is too long to be near a value.
    len: Option<u8>,
    text: [u8; LONGEST],
}

impl UnknownCategory {
    fn new(set: &'static Set, text: &str) -> Self {
        let mut error = Self { set, len: None, text: [0; LONGEST] };
        if let Some(kept) = error.text.get_mut(..text.len()) {
            kept.copy_from_slice(text.as_bytes());
            error.len = u8::try_from(text.len()).ok();
        }
        error
    }

    /// Returns the log key of the set.
    pub fn field(&self) -> &'static str {
        self.set.field
    }

    /// Returns the categories of the set.
    pub fn categories(&self) -> &'static [Category] {
        self.set.categories
    }

    /// Returns the logged value with the fewest edits to the text, if they are at most a third of its length.
    ///
    /// Each call compares the text with every value.
    pub fn nearest(&self) -> Option<&'static str> {
        let text = core::str::from_utf8(self.text.get(..self.len?.into())?).ok()?;
        let mut values = self.categories().iter().map(|category| category.value);
        spelling::nearest(text, &mut values, |value| value.len().div_ceil(3))
    }
}

/// Errors are equal if their set and their nearest value are equal.
impl PartialEq for UnknownCategory {
    fn eq(&self, other: &Self) -> bool {
        let parts = |error: &Self| (error.field(), error.categories(), error.nearest());
        parts(self) == parts(other)
    }
}

impl Eq for UnknownCategory {}

/// Omits the text, which may be hostile.
impl fmt::Debug for UnknownCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownCategory")
            .field("field", &self.field())
            .field("categories", &self.categories())
            .field("nearest", &self.nearest())
            .finish()
    }
}

impl fmt::Display for UnknownCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}", self.field())?;
        if let Some(nearest) = self.nearest() {
            write!(f, ", did you mean `{nearest}`?")?;
        }
        for (i, category) in self.categories().iter().enumerate() {
            let lead = if i == 0 { "; expected one of" } else { "," };
            write!(f, "{lead} `{}`", category.value)?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownCategory {}

/// The body of every derived `FromStr`.
///
/// # Errors
///
/// Fails if the text is neither a logged value nor an alias of the set.
pub fn from_str<T: DisconnectField>(text: &str) -> Result<T, UnknownCategory> {
    T::parse(text).ok_or_else(|| UnknownCategory::new(T::SET, text))
}
