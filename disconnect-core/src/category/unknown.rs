//! The error of reading a category from a text.

use core::fmt;

use self::spelling::LONGEST;
use super::field::{DisconnectField, Set};
use super::row::Category;

mod spelling {
    disconnect_derive::__shared!(spelling);
}

/// The error of reading a category from a text that is none: it lists the set, and names the nearest value.
///
/// Making it costs about as much as the lookup: the nearest value is searched for when somebody asks for it. For that
/// search the error keeps a text of at most 64 bytes. It never shows the text, which may be hostile.
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
    /// `None` of a longer text than can be near a value.
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

    /// The log key of the set that was read.
    pub fn field(&self) -> &'static str {
        self.set.field
    }

    /// The set that was read.
    pub fn categories(&self) -> &'static [Category] {
        self.set.categories
    }

    /// The logged value that is at most a third of its letters away from the text, if there is one.
    ///
    /// Each call compares the text with every value.
    pub fn nearest(&self) -> Option<&'static str> {
        let text = core::str::from_utf8(self.text.get(..self.len?.into())?).ok()?;
        let mut values = self.categories().iter().map(|category| category.value);
        spelling::nearest(text, &mut values, |value| value.len().div_ceil(3))
    }
}

/// Two errors are the same if they say the same.
impl PartialEq for UnknownCategory {
    fn eq(&self, other: &Self) -> bool {
        let said = |error: &Self| (error.field(), error.categories(), error.nearest());
        said(self) == said(other)
    }
}

impl Eq for UnknownCategory {}

/// Without the text, which may be hostile.
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
/// The text is not a value or alias of the set.
pub fn from_str<T: DisconnectField>(text: &str) -> Result<T, UnknownCategory> {
    T::parse(text).ok_or_else(|| UnknownCategory::new(T::SET, text))
}
