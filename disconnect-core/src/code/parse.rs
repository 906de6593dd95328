//! Parses a logged code.

use core::fmt;
use core::str::FromStr;

use super::Code;
use super::protocol::Protocol;

/// The error of parsing a [`Code`]: the protocol is not a built-in one, or it has no such code.
///
/// ```
/// use disconnect_core::Code;
///
/// let error = "discord.4004".parse::<Code>().unwrap_err();
/// assert_eq!(error.to_string(), "no protocol of this name is known");
/// let error = "websocket.70000".parse::<Code>().unwrap_err();
/// assert_eq!(error.to_string(), "the protocol has no such code");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCodeError {
    is_protocol_known: bool,
}

impl fmt::Display for ParseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_protocol_known {
            "the protocol has no such code"
        } else {
            "no protocol of this name is known"
        })
    }
}

impl core::error::Error for ParseCodeError {}

/// Parses exactly the text that [`Display`](fmt::Display) writes.
impl FromStr for Code {
    type Err = ParseCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, code) = text.split_once('.').unwrap_or((text, ""));
        let protocol = Protocol::named(name).ok_or(ParseCodeError { is_protocol_known: false })?;
        let code = number(code)
            .and_then(|number| Self::from_number(protocol, number))
            .or_else(|| Self::from_text(protocol, code));
        code.ok_or(ParseCodeError { is_protocol_known: true })
    }
}

/// Parses a number in its canonical form: no plus sign, no leading zeros, no negative zero.
pub(crate) fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_padded = digits.starts_with(['0', '+']) && text != "0";
    text.parse().ok().filter(|_| !is_padded)
}
