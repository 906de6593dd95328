//! Phase two: checks the input and builds a model, which is always valid.
//!
//! All semantic errors are reported here, each at the smallest wrong token and with what to write instead.

use proc_macro2::{Ident, Span, TokenStream};

use super::parse::{FieldAttr, Shape, Variant, Written};
use crate::errors::Errors;
use crate::item::Fields;
use crate::keys;
use crate::list::list;
use crate::literal::{Text, unraw};
use crate::slots::Slot;
use crate::taken::Taken;
use crate::unsafe_chars::replacement;

/// A valid set of categories: at least one, with distinct logged values.
pub(crate) struct Model {
    pub(crate) vis: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) core: Option<TokenStream>,
    pub(crate) key: String,
    /// The marker trait of the slot that the key belongs to.
    pub(crate) slot: Option<&'static str>,
    pub(crate) expected_key: ExpectedKey,
    pub(crate) categories: Vec<Category>,
    /// Whether the position of every variant is its discriminant.
    pub(crate) dense: bool,
}

/// Whether the categories have an expected flag.
pub(crate) enum ExpectedKey {
    None,
    /// The flag is logged under this key.
    Key(String),
}

/// A valid category.
pub(crate) struct Category {
    pub(crate) ident: Ident,
    pub(crate) value: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) expected: bool,
    pub(crate) docs: String,
}

/// The maximum number of categories: the table behind `parse` has 16 bits for each position.
const MOST: usize = 1 << 16;

/// Builds the model. Returns `None` if the input is too broken; `errors` then holds the errors.
pub(crate) fn build(mut written: Written, errors: &mut Errors) -> Option<Model> {
    let field = one_field(&mut written, errors);
    if !written.generics.params.is_empty() {
        errors.at(&written.generics, "a category enum cannot have generics: its values are fixed strings");
    }
    let variants = match written.shape {
        Shape::Enum(variants) => variants,
        Shape::Struct(span) | Shape::Union(span) => {
            errors.at_span(span, "`DisconnectField` can only be derived for an enum: its variants are the categories");
            return None;
        }
    };
    if variants.is_empty() {
        errors.at(&written.ident, "a category enum needs at least one variant");
    }
    if variants.len() > MOST {
        errors.at(&written.ident, format!("a category enum has at most {MOST} variants"));
    }
    let dense = variants.iter().all(|variant| !variant.discriminant);
    let rule = if field.as_ref().is_some_and(|field| field.verbatim) { Rule::Verbatim } else { Rule::SnakeCase };
    let mut names = Taken::default();
    let categories = list(variants.into_iter().map(|variant| category(variant, rule, &mut names, errors)));

    let field = field?;
    let key = check_key(&field.key, errors);
    let any_expected = categories.iter().any(|category| category.expected);
    Some(Model {
        expected_key: expected_key(&field.key, field.expected.as_ref(), any_expected, errors),
        slot: Slot::of_key(&key).and_then(Slot::marker),
        vis: written.vis,
        ident: written.ident,
        core: field.core,
        key,
        categories,
        dense,
    })
}

fn one_field(written: &mut Written, errors: &mut Errors) -> Option<FieldAttr> {
    let mut fields = written.fields.drain(..);
    let first = fields.next();
    for again in fields {
        errors.at_span(again.place, "`#[field]` is given twice");
    }
    if first.is_none() && !written.field_reported {
        errors.at(&written.ident, "missing `#[field(\"key\")]` on the enum: the log key of this category");
    }
    first
}

fn check_key(key: &Text, errors: &mut Errors) -> String {
    let text = key.value();
    if !is_key(text) {
        errors.at(key, "a log key is lower-case words joined by `_` or `.`, such as \"close_phase\"");
    } else if is_taken(text) && Slot::of_key(text).and_then(Slot::marker).is_none() {
        errors.at(key, taken(text));
    }
    text.to_owned()
}

/// Whether the event writes this key for something other than a category.
fn is_taken(key: &str) -> bool {
    keys::ALL.contains(&key) || key == keys::MESSAGE
}

fn taken(key: &str) -> String {
    format!("`{key}` is written by the disconnect event itself; choose another key")
}

/// The log key of the expected flag. For `disconnect_reason` it is always `disconnect_expected`.
fn expected_key(written: &Text, stated: Option<&Text>, any_expected: bool, errors: &mut Errors) -> ExpectedKey {
    let key = written.value();
    let Some(stated) = stated else {
        return default_expected_key(written, any_expected, errors);
    };
    let text = stated.value();
    if !is_key(text) {
        errors.at(stated, "a log key is lower-case words joined by `_` or `.`, such as \"close_phase_ok\"");
    } else if text == key {
        errors.at(stated, "the expected flag needs a key other than the category's own");
    } else if key == Slot::Reason.key() && text != keys::EXPECTED {
        errors
            .at(stated, "the expected flag of `disconnect_reason` is always `disconnect_expected`; remove `expected`");
    } else if key != Slot::Reason.key() && is_taken(text) {
        errors.at(stated, taken(text));
    }
    ExpectedKey::Key(text.to_owned())
}

fn default_expected_key(written: &Text, any_expected: bool, errors: &mut Errors) -> ExpectedKey {
    let key = written.value();
    if key == Slot::Reason.key() {
        return ExpectedKey::Key(keys::EXPECTED.to_owned());
    }
    if !any_expected {
        return ExpectedKey::None;
    }
    let default = format!("{key}_expected");
    if is_taken(&default) {
        let instead = format!("write `#[field(\"{key}\", expected = \"{key}_ok\")]`, or choose another key");
        errors.at(written, format!("the expected flag would be `{default}`, which the event writes itself; {instead}"));
    }
    ExpectedKey::Key(default)
}

/// The form of a logged value. Unsafe characters are checked separately.
#[derive(Clone, Copy)]
enum Rule {
    SnakeCase,
    Verbatim,
}

impl Rule {
    fn allows(self, value: &str) -> bool {
        match self {
            Self::SnakeCase => is_words(value, &['_']),
            Self::Verbatim => value.len() <= 64 && value.trim() == value,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::SnakeCase => {
                "a logged value is lower snake_case, such as \"idle_timeout\"; for values already deployed, \
                 write `#[field(\"key\", values = \"verbatim\")]`"
            }
            Self::Verbatim => "a verbatim value has at most 64 bytes, and no space at its start or end",
        }
    }
}

fn category(variant: Variant, rule: Rule, names: &mut Taken, errors: &mut Errors) -> Category {
    check_variant(&variant, errors);
    let mut values = variant.values.iter();
    let value = match values.next() {
        Some(stated) => {
            check_value(stated, rule, errors);
            claim(names, stated.value(), stated.span(), &variant.ident, errors);
            stated.value().to_owned()
        }
        None => default_value(&variant.ident, names, errors),
    };
    for again in values {
        errors.at(again, "a category has one value; to parse another one, write `#[alias(\"...\")]`");
    }
    for alias in &variant.aliases {
        check_value(alias, rule, errors);
        claim(names, alias.value(), alias.span(), &variant.ident, errors);
    }
    Category {
        value,
        aliases: list(variant.aliases.iter().map(|alias| alias.value().to_owned())),
        expected: !variant.expected.is_empty(),
        docs: variant.docs,
        ident: variant.ident,
    }
}

fn check_variant(variant: &Variant, errors: &mut Errors) {
    if let Fields(Some((payload, _))) = &variant.payload {
        errors.at(payload, "a category cannot carry data; put the data into a field of the event");
    }
    if let Some(again) = variant.expected.get(1) {
        errors.at_span(*again, "`#[expected]` is given twice");
    }
    if TAKEN.iter().any(|taken| variant.ident == taken) {
        errors.at(&variant.ident, format!("`{}` is an associated constant of every category enum", variant.ident));
    }
}

/// The constants that the derive adds to the enum, which a variant could shadow.
const TAKEN: [&str; 5] = ["FIELD", "EXPECTED_FIELD", "COUNT", "ALL", "CATEGORIES"];

fn check_value(value: &Text, rule: Rule, errors: &mut Errors) {
    let text = value.value();
    let unsafe_char = text.chars().find(|c| replacement(*c).is_some());
    match unsafe_char {
        Some(c) => {
            let code = c.escape_unicode();
            errors.at(value, format!("`{code}` is not allowed in a logged value: it breaks, reorders or hides text"));
        }
        None if !text.is_empty() && !rule.allows(text) => errors.at(value, rule.text()),
        None => {}
    }
}

fn default_value(ident: &Ident, names: &mut Taken, errors: &mut Errors) -> String {
    let value = snake_case(&unraw(ident));
    if is_words(&value, &['_']) {
        claim(names, &value, ident.span(), ident, errors);
    } else {
        errors.at(ident, format!("`{ident}` has no lower snake_case form; write `#[value(\"...\")]`"));
    }
    value
}

/// Reserves a logged text for a variant. For a duplicate, reports both places.
fn claim(names: &mut Taken, text: &str, place: Span, owner: &Ident, errors: &mut Errors) {
    if let Some((first, other)) = names.claim(text, place, owner) {
        errors.at_span(place, format!("{text:?} already parses as `{other}`; every logged value and alias is unique"));
        errors.at_span(first, format!("{text:?} is first used here"));
    }
}

fn is_key(text: &str) -> bool {
    is_words(text, &['_', '.'])
}

/// Whether the text starts with a letter and consists of lower-case letters and digits, with single `joints` between words.
fn is_words(text: &str, joints: &[char]) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .split(joints)
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// Converts `IdleTimeout` to `idle_timeout`, `TLSError` to `tls_error`, and `Http2Gone` to `http2_gone`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, &c) in chars.iter().enumerate() {
        let after_word = i > 0 && chars[i - 1] != '_' && !chars[i - 1].is_uppercase();
        let before_word = i > 0 && chars[i - 1].is_uppercase() && chars.get(i + 1).is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (after_word || before_word) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::{is_key, snake_case};

    #[test]
    fn variant_names_become_snake_case() {
        for (name, value) in [
            ("Quit", "quit"),
            ("IdleTimeout", "idle_timeout"),
            ("TLSError", "tls_error"),
            ("Http2Gone", "http2_gone"),
            ("V2", "v2"),
            ("A", "a"),
            ("AB", "ab"),
            ("Snake_Case", "snake_case"),
            ("already_lower", "already_lower"),
            ("SCREAMING_CASE", "screaming_case"),
        ] {
            assert_eq!(snake_case(name), value);
        }
    }

    #[test]
    fn keys_are_lower_case_words() {
        for good in ["a", "close_phase", "net.peer.close_1"] {
            assert!(is_key(good), "{good}");
        }
        for bad in ["", "A", "_a", "a_", "a__b", "a..b", "1a", "a-b", "a b", "é"] {
            assert!(!is_key(bad), "{bad}");
        }
    }
}
