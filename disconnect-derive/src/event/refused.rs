//! A refused call still uses its values, so that rustc does not call their imports unused.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::expand::borrowed;
use super::model::is_level;
use super::parse::{Item, Key, Written};
use crate::split::punct;

/// Statements that borrow each value and name each type, to stand behind the mistakes. There, rustc does not ask for
/// types that it cannot infer.
pub(crate) fn uses(written: &Written) -> TokenStream {
    let options = written.options.iter().chain(&written.late_options);
    let options = options.filter(|(name, _)| name != "level").map(|(_, value)| use_value(value));
    options.chain(written.items.iter().map(use_item)).collect()
}

fn use_item(item: &Item) -> TokenStream {
    match item {
        Item::Named { key: Key::Constant(key), value } => {
            [use_value(&key.stream()), use_value(value)].into_iter().collect()
        }
        Item::Named { value, .. } => use_value(value),
        Item::Shorthand { tokens, .. } | Item::Expression(tokens) => use_value(tokens),
        Item::Category { ty, value, .. } => [use_type(ty), use_value(value)].into_iter().collect(),
        // What a field of it names is the value's own.
        Item::Group { value, fields, .. } => {
            let categories = fields.iter().filter(|field| matches!(field, Item::Category { .. }));
            categories.map(use_item).chain([use_value(value)]).collect()
        }
        Item::Text(_) => TokenStream::new(),
    }
}

/// Empty for what could give a second error: a level, `field(...)`, `group(...)`, and what syn cannot parse. Without its `full`
/// feature, that includes blocks and closures.
fn use_value(value: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    if tokens.first().is_some_and(|sigil| matches!(punct(sigil), Some('%' | '?'))) {
        tokens.remove(0);
    }
    let is_level = matches!(tokens.last(), Some(TokenTree::Ident(word)) if is_level(word));
    let is_form = |word| ["field", "group"].iter().any(|form| word == form);
    let is_item = matches!(&tokens[..], [TokenTree::Ident(word), TokenTree::Group(_)] if is_form(word));
    let value = TokenStream::from_iter(tokens);
    if is_level || is_item || syn::parse2::<syn::Expr>(value.clone()).is_err() {
        return TokenStream::new();
    }
    let value = borrowed(&value);
    quote!(let _ = #value;)
}

fn use_type(ty: &TokenStream) -> TokenStream {
    if syn::parse2::<syn::Type>(ty.clone()).is_err() {
        return TokenStream::new();
    }
    quote!(let _: #ty;)
}
