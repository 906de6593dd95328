//! The error of reading a category from a text.

use core::fmt;

use super::field::DisconnectField;
use super::row::Category;

mod spelling {
    disconnect_derive::__shared!(spelling);
}

/// The error of reading a category from a text that is none: it lists the set, and names the nearest value.
///
/// The text itself is not kept: the caller has it, and it may be huge or hostile.
///
/// ```
/// use disconnect_core::DisconnectReason;
///
/// let error = "gracefull".parse::<DisconnectReason>().unwrap_err();
/// assert_eq!(error.nearest(), Some("graceful"));
/// assert!(error.to_string().starts_with("unknown disconnect_reason, did you mean `graceful`?"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCategory {
    field: &'static str,
    categories: &'static [Category],
    nearest: Option<&'static str>,
}

impl UnknownCategory {
    /// The log key of the set that was read.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The set that was read.
    pub fn categories(&self) -> &'static [Category] {
        self.categories
    }

    /// The logged value that is at most a third of its letters away from the text, if there is one.
    pub fn nearest(&self) -> Option<&'static str> {
        self.nearest
    }
}

impl fmt::Display for UnknownCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}", self.field)?;
        if let Some(nearest) = self.nearest {
            write!(f, ", did you mean `{nearest}`?")?;
        }
        for (i, category) in self.categories.iter().enumerate() {
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
/// The text is not a value or alias of the set.
pub fn from_str<T: DisconnectField>(text: &str) -> Result<T, UnknownCategory> {
    T::parse(text).ok_or_else(|| UnknownCategory {
        field: T::FIELD,
        categories: T::CATEGORIES,
        nearest: nearest(text, T::CATEGORIES),
    })
}

/// The value with the fewest edits to `text`, at most a third of its length.
fn nearest(text: &str, categories: &'static [Category]) -> Option<&'static str> {
    let values = categories.iter().map(|category| category.value);
    spelling::nearest(text, values, |value| value.len().div_ceil(3))
}
