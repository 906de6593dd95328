//! Reads the text of an error without an allocation, for what no method of the error tells.

use core::error::Error;
use core::fmt::{self, Write};

/// Whether the text of an error is this one.
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

/// Whether the text of an error begins with this one.
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
    // It stops behind the beginning, with an error of its own.
    written(error, &mut rest).is_some() && rest.0.is_empty()
}

/// The number behind these words, where the text of an error consists of the two.
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
/// ```
pub fn number_after(error: &dyn Error, words: &str) -> Option<u16> {
    let mut number = Number { rest: words, digits: 0, value: 0 };
    // It stops behind the number, with an error of its own.
    written(error, &mut number)?;
    (number.digits > 0).then_some(number.value)
}

/// The eight hexadecimal digits behind these words, with which the text of an error begins.
pub(super) fn packed_code(error: &dyn Error, words: &str) -> Option<u64> {
    let mut code = Hex { rest: words, digits: 0, value: 0 };
    // It stops behind the digits, with an error of its own.
    written(error, &mut code)?;
    (code.digits == 8).then_some(code.value)
}

/// Writes the text of an error: whether it was taken to its end, or `None` where writing it panics.
#[cfg_attr(not(feature = "std"), allow(clippy::unnecessary_wraps, reason = "with std, a panic is caught"))]
fn written(error: &dyn Error, into: &mut impl Write) -> Option<bool> {
    #[cfg(feature = "std")]
    return std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write!(into, "{error}").is_ok())).ok();
    #[cfg(not(feature = "std"))]
    return Some(write!(into, "{error}").is_ok());
}

/// What of the text is still to come. A different one ends the writing.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// What of the beginning is still to come. A different one ends the writing, and so does the rest of the text.
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

/// What is to come before the number, and the number so far.
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
            let value = self.value.checked_mul(10).and_then(|value| value.checked_add(digit));
            self.value = value.ok_or(fmt::Error)?;
            self.digits += 1;
        }
        Ok(())
    }
}

/// What is to come before the eight digits, and the number so far.
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
