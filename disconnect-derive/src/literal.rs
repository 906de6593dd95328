//! Reads literals and names from their tokens.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::ToTokens;

/// A string literal, plain or raw.
#[derive(Clone)]
pub(crate) struct Text {
    literal: Literal,
    value: String,
}

impl Text {
    /// `None` for any other literal.
    pub(crate) fn of(literal: &Literal) -> Option<Self> {
        let written = literal.to_string();
        let value = match written.strip_prefix('r') {
            Some(raw) => {
                let hashes = raw.len() - raw.trim_start_matches('#').len();
                // `None` for a literal with a suffix.
                let quoted = raw[hashes..].strip_suffix(&raw[..hashes])?;
                quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned()
            }
            None => unescaped(written.strip_prefix('"')?.strip_suffix('"')?)?,
        };
        Some(Self { literal: literal.clone(), value })
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    pub(crate) fn span(&self) -> Span {
        self.literal.span()
    }
}

impl ToTokens for Text {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.literal.to_tokens(tokens);
    }
}

/// Replaces the escapes in the text between the quotes, as the Rust reference defines them.
fn unescaped(written: &str) -> Option<String> {
    let mut value = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, escape)) = rest.split_once('\\') {
        value.push_str(before);
        let kind = escape.chars().next()?;
        rest = &escape[kind.len_utf8()..];
        value.push(match kind {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'x' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                scalar(digits)?
            }
            'u' => {
                let (digits, after) = rest.strip_prefix('{')?.split_once('}')?;
                rest = after;
                scalar(digits)?
            }
            '\n' => {
                rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
                continue;
            }
            other => other,
        });
    }
    value.push_str(rest);
    Some(value)
}

fn scalar(digits: &str) -> Option<char> {
    number(digits, 16).and_then(|number| u32::try_from(number).ok()).and_then(char::from_u32)
}

/// The number that these digits write, with `_` between them. `None` above `i64::MAX`.
fn number(digits: &str, radix: u32) -> Option<i64> {
    let mut number = 0_i64;
    for digit in digits.chars().filter_map(|digit| digit.to_digit(radix)) {
        number = number.checked_mul(radix.into())?.checked_add(digit.into())?;
    }
    Some(number)
}

/// An integer literal.
pub(crate) struct Number {
    literal: Literal,
    /// `None` for a number above `i64::MAX`.
    pub(crate) value: Option<i64>,
}

impl Number {
    /// `None` for any other literal.
    pub(crate) fn of(literal: &Literal) -> Option<Self> {
        let written = literal.to_string();
        let (radix, digits) = match written.get(..2) {
            Some("0x") => (16, &written[2..]),
            Some("0o") => (8, &written[2..]),
            Some("0b") => (2, &written[2..]),
            _ => (10, &written[..]),
        };
        let is_digit = |c: char| c == '_' || c.is_digit(radix);
        let end = digits.find(|c| !is_digit(c)).unwrap_or(digits.len());
        let (digits, suffix) = digits.split_at(end);
        let is_integer = suffix.is_empty() || suffix.starts_with(['i', 'u']);
        let value = number(digits, radix);
        (is_integer && digits.contains(|c: char| c.is_digit(radix))).then(|| Self { literal: literal.clone(), value })
    }

    pub(crate) fn span(&self) -> Span {
        self.literal.span()
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.literal.fmt(f)
    }
}

/// The name without the `r#` of a raw identifier.
pub(crate) fn unraw(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Literal, TokenStream, TokenTree};

    use super::{Number, Text};

    fn literal(source: &str) -> Option<Literal> {
        let tokens: TokenStream = source.parse().ok()?;
        match tokens.into_iter().next() {
            Some(TokenTree::Literal(literal)) => Some(literal),
            _ => None,
        }
    }

    #[test]
    fn text_has_the_value_that_the_compiler_reads() {
        let text = |source: &str| literal(source).and_then(|literal| Text::of(&literal)).map(|text| text.value);
        macro_rules! same {
            ($($text:literal),* $(,)?) => { $(assert_eq!(text(stringify!($text)).as_deref(), Some($text));)* };
        }
        same!("", "plain", "é\u{10_ffff}\x41\n\t\r\0\\\'\"\u{1b}", r"raw \n", r#"a "b" c"#, r##"a "# b"##, r"");
        assert_eq!(text("\"joined \\\n    again\"").as_deref(), Some("joined again"));
        for other in ["b\"bytes\"", "'c'", "1", "c\"text\""] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn number_has_the_value_that_the_compiler_reads() {
        let number = |source: &str| literal(source).and_then(|literal| Number::of(&literal)).map(|number| number.value);
        macro_rules! same {
            ($($number:literal),*) => { $(assert_eq!(number(stringify!($number)), Some(Some(i64::from($number))));)* };
        }
        same!(0, 4004, 1_000, 0x1f_u8, 0xAB, 0o17, 0b1010_1010, 7u8, 9i64);
        assert_eq!(number("9223372036854775808"), Some(None));
        for other in ["1.5", "1e3", "\"1\"", "1f32", "'1'"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
