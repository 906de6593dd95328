//! Reads the `Display` text of an error without an allocation.

use core::error::Error;
use core::fmt::{self, Write};

/// Returns whether the `Display` text of an error equals `text`. `false` if `Display` panics. Does not allocate by
/// itself.
///
/// ```
/// use disconnect_core::evidence::vocabulary::says;
///
/// let error = "x".parse::<u8>().unwrap_err();
/// assert!(says(&error, "invalid digit found in string"));
/// assert!(!says(&error, "invalid digit"));
/// ```
pub fn says(error: &dyn Error, text: &str) -> bool {
    let mut rest = Rest(text);
    written(error, &mut rest) == Some(true) && rest.0.is_empty()
}

/// Returns whether the `Display` text of an error begins with `text`. `false` if `Display` panics. Does not allocate by
/// itself.
///
/// ```
/// use disconnect_core::evidence::vocabulary::begins_with;
///
/// let error = "x".parse::<u8>().unwrap_err();
/// assert!(begins_with(&error, "invalid digit"));
/// assert!(!begins_with(&error, "digit"));
/// ```
pub fn begins_with(error: &dyn Error, text: &str) -> bool {
    let mut rest = Beginning(text);
    // The writer stops after the prefix with an error, so success does not matter here.
    written(error, &mut rest).is_some() && rest.0.is_empty()
}

/// Returns the decimal number directly after `words`, if the `Display` text of an error begins with `words`.
///
/// Text after the number is ignored, so `HTTP error: 503 Service Unavailable` is 503. `None` if the text begins
/// otherwise, if no digit follows, or if `Display` panics. Does not allocate by itself.
///
/// ```
/// use core::{error::Error, fmt};
/// use disconnect_core::evidence::vocabulary::number_after;
///
/// #[derive(Debug)]
/// struct Refused(u16);
/// impl fmt::Display for Refused {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "HTTP error: {}", self.0) }
/// }
/// impl Error for Refused {}
///
/// assert_eq!(number_after(&Refused(503), "HTTP error: "), Some(503));
/// assert_eq!(number_after(&Refused(503), "error: "), None);
/// assert_eq!(number_after(&std::io::Error::other("HTTP error: 99999"), "HTTP error: "), None); // more than `u16` holds
/// ```
pub fn number_after(error: &dyn Error, words: &str) -> Option<u16> {
    let mut number = Number { rest: words, digits: 0, value: 0 };
    // The writer stops after the number with an error, so success does not matter here.
    written(error, &mut number)?;
    (number.digits > 0).then_some(number.value)
}

/// Returns the eight hexadecimal digits after `words`, if the `Display` text of an error begins so.
pub(super) fn packed_code(error: &dyn Error, words: &str) -> Option<u64> {
    let mut code = Hex { rest: words, digits: 0, value: 0 };
    // The writer stops after eight digits with an error, so success does not matter here.
    written(error, &mut code)?;
    (code.digits == 8).then_some(code.value)
}

/// Writes the text of an error. Returns whether the writer took all of it, or `None` if `Display` panics.
#[cfg_attr(not(feature = "std"), allow(clippy::unnecessary_wraps, reason = "with std, a panic is caught"))]
fn written(error: &dyn Error, into: &mut dyn Write) -> Option<bool> {
    #[cfg(feature = "std")]
    return std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write!(into, "{error}").is_ok())).ok();
    #[cfg(not(feature = "std"))]
    return Some(write!(into, "{error}").is_ok());
}

/// Compares the written text with the rest of the expected text. Stops at the first difference.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Compares the written text with the rest of a prefix. Stops at the first difference, and after the prefix.
struct Beginning<'a>(&'a str);

impl Write for Beginning<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        match self.0.strip_prefix(written) {
            Some(rest) => {
                self.0 = rest;
                Ok(())
            }
            None if written.starts_with(self.0) => {
                self.0 = "";
                Err(fmt::Error)
            }
            None => Err(fmt::Error),
        }
    }
}

/// Skips the words, then reads the number.
struct Number<'a> {
    rest: &'a str,
    digits: u32,
    value: u16,
}

impl Write for Number<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        let words = self.rest.len().min(written.len());
        let (before, after) = written.split_at_checked(words).ok_or(fmt::Error)?;
        self.rest = self.rest.strip_prefix(before).ok_or(fmt::Error)?;
        for digit in after.chars() {
            let digit = digit.to_digit(10).and_then(|digit| u16::try_from(digit).ok()).ok_or(fmt::Error)?;
            let Some(value) = self.value.checked_mul(10).and_then(|value| value.checked_add(digit)) else {
                self.digits = 0;
                return Err(fmt::Error);
            };
            self.value = value;
            self.digits += 1;
        }
        Ok(())
    }
}

/// Skips the words, then reads eight digits.
struct Hex<'a> {
    rest: &'a str,
    digits: u32,
    value: u64,
}

impl Write for Hex<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        let words = self.rest.len().min(written.len());
        let (before, after) = written.split_at_checked(words).ok_or(fmt::Error)?;
        self.rest = self.rest.strip_prefix(before).ok_or(fmt::Error)?;
        for digit in after.chars() {
            self.value = self.value * 16 + u64::from(digit.to_digit(16).ok_or(fmt::Error)?);
            self.digits += 1;
            if self.digits == 8 {
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}
