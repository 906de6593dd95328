//! Phase one: reads options and items with their places, without checking them.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::errors::Errors;
use crate::list::list;
use crate::literal::{Text, unraw};
use crate::slots::Slot;
use crate::split::{at_commas, is_joint, lone_equals, punct, stream};

/// The call as written.
pub(crate) struct Written {
    /// The path of the core crate.
    pub(crate) core: TokenStream,
    /// `level: DEBUG` and other options, which come first.
    pub(crate) options: Vec<(Ident, TokenStream)>,
    pub(crate) items: Vec<Item>,
    /// Options after the first item. Each one is an error.
    pub(crate) late_options: Vec<(Ident, TokenStream)>,
}

/// One item between commas.
pub(crate) enum Item {
    /// `key = value`. The value keeps its `%` or `?`.
    Named { key: Key, value: TokenStream },
    /// `key`, `%key` or `?key`.
    Shorthand { key: Key, tokens: TokenStream },
    /// `field(Type = value)`.
    Category { field: Ident, ty: TokenStream, value: TokenStream },
    /// `group(value => a, b)`: fields of an optional value, each in one of the first two forms.
    Group { group: Ident, value: TokenStream, fields: Vec<Item> },
    /// `"text"`.
    Text(Literal),
    /// Anything else.
    Expression(TokenStream),
}

/// The name of a tracing field.
pub(crate) enum Key {
    /// `a` or `a.b`.
    Path(TokenStream, String),
    /// `"a"`.
    Quoted(Literal, String),
    /// `{ CONST }`.
    Constant(Group),
}

impl Item {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Named { key, .. } | Self::Shorthand { key, .. } => key.span(),
            Self::Category { field, .. } => field.span(),
            Self::Group { group, .. } => group.span(),
            Self::Text(text) => text.span(),
            Self::Expression(tokens) => first_span(tokens),
        }
    }
}

impl Key {
    /// The name, unless it is a constant.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Path(_, name) | Self::Quoted(_, name) => Some(name),
            Self::Constant(_) => None,
        }
    }

    /// The expression of a constant name.
    pub(crate) fn constant(&self) -> Option<TokenStream> {
        match self {
            Self::Constant(group) => Some(group.stream()),
            Self::Path(..) | Self::Quoted(..) => None,
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Path(path, _) => first_span(path),
            Self::Quoted(literal, _) => literal.span(),
            Self::Constant(group) => group.span(),
        }
    }
}

impl ToTokens for Key {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Path(path, _) => path.to_tokens(tokens),
            Self::Quoted(literal, _) => literal.to_tokens(tokens),
            Self::Constant(group) => group.to_tokens(tokens),
        }
    }
}

fn first_span(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// Reads `path; options, items`.
pub(crate) fn parse(input: TokenStream, errors: &mut Errors) -> Written {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let end = tokens.iter().position(|token| punct(token) == Some(';')).unwrap_or(tokens.len());
    let (core, rest) = tokens.split_at(end);
    let mut options = Vec::new();
    let mut items = Vec::new();
    let mut late_options = Vec::new();
    for tokens in at_commas(rest.get(1..).unwrap_or_default().to_vec()) {
        match option(&tokens) {
            Some(option) if items.is_empty() => options.push(option),
            Some((name, value)) => {
                if Slot::of_name(&name.to_string()).is_some() {
                    errors.at(&name, format!("`{name}` is a slot; write `{name} = ...`"));
                } else {
                    errors.at(&name, format!("write `{name}:` before all other items"));
                }
                late_options.push((name, value));
            }
            None if matches!(&tokens[..], [comma] if punct(comma) == Some(',')) => {
                errors.at(&tokens[0], "a comma with nothing before it");
            }
            None => items.push(item(&tokens)),
        }
    }
    Written { core: stream(core), options, items, late_options }
}

/// Reads `name: value`, but not the path `name::rest`.
fn option(tokens: &[TokenTree]) -> Option<(Ident, TokenStream)> {
    match tokens {
        [TokenTree::Ident(name), colon, rest @ ..]
            if punct(colon) == Some(':') && rest.first().and_then(punct) != Some(':') =>
        {
            Some((name.clone(), stream(rest)))
        }
        _ => None,
    }
}

fn item(tokens: &[TokenTree]) -> Item {
    match tokens {
        [TokenTree::Literal(text)] if is_string(text) => Item::Text(text.clone()),
        [TokenTree::Ident(name), TokenTree::Group(inside)] if inside.delimiter() == Delimiter::Parenthesis => {
            // Any other word before parentheses is a function call, such as one that returns a record.
            let item = match name.to_string().as_str() {
                "field" => category(name, inside),
                "group" => group(name, inside),
                _ => None,
            };
            item.unwrap_or_else(|| Item::Expression(stream(tokens)))
        }
        [sigil, path @ ..] if matches!(punct(sigil), Some('%' | '?')) => match key(path) {
            Some(key) => Item::Shorthand { key, tokens: stream(tokens) },
            None => Item::Expression(stream(tokens)),
        },
        _ => named(tokens),
    }
}

fn named(tokens: &[TokenTree]) -> Item {
    let equals = lone_equals(tokens);
    match (key(&tokens[..equals.unwrap_or(tokens.len())]), equals) {
        (Some(key), Some(equals)) => Item::Named { key, value: stream(&tokens[equals + 1..]) },
        (Some(key @ Key::Path(..)), None) => Item::Shorthand { key, tokens: stream(tokens) },
        _ => Item::Expression(stream(tokens)),
    }
}

fn category(field: &Ident, group: &Group) -> Option<Item> {
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    let equals = lone_equals(&inside)?;
    Some(Item::Category { field: field.clone(), ty: stream(&inside[..equals]), value: stream(&inside[equals + 1..]) })
}

fn group(group: &Ident, inside: &Group) -> Option<Item> {
    let inside: Vec<TokenTree> = inside.stream().into_iter().collect();
    let is_arrow =
        |pair: &[TokenTree]| is_joint(&pair[0]) && punct(&pair[0]) == Some('=') && punct(&pair[1]) == Some('>');
    let arrow = inside.windows(2).position(is_arrow)?;
    Some(Item::Group {
        group: group.clone(),
        value: stream(&inside[..arrow]),
        fields: list(at_commas(inside[arrow + 2..].to_vec()).iter().map(|tokens| item(tokens))),
    })
}

fn key(tokens: &[TokenTree]) -> Option<Key> {
    match tokens {
        [TokenTree::Literal(literal)] if is_string(literal) => {
            Some(Key::Quoted(literal.clone(), Text::of(literal)?.value().to_owned()))
        }
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => Some(Key::Constant(group.clone())),
        path => path_name(path).map(|name| Key::Path(stream(path), name)),
    }
}

/// The name that tracing gives the field `a.b.c`.
fn path_name(tokens: &[TokenTree]) -> Option<String> {
    let mut name = String::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if i % 2 == 0 => name.push_str(&unraw(word)),
            TokenTree::Punct(dot) if i % 2 == 1 && dot.as_char() == '.' => name.push('.'),
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(name)
}

fn is_string(literal: &Literal) -> bool {
    literal.to_string().starts_with(['"', 'r'])
}
