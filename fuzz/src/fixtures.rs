//! The macros on the source of a program, without a compiler.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::item::Item;
use crate::literal::Text;

/// The messages of the errors with which the derives and `disconnected!` refuse this source.
///
/// # Panics
///
/// If the source is no Rust.
#[must_use]
pub fn errors_of(source: &str) -> Vec<String> {
    let mut errors = Vec::new();
    expand_all(source.parse().expect("a fixture is Rust"), &mut errors);
    errors
}

fn expand_all(source: TokenStream, errors: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    let mut item = 0;
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            if is_punct(token, ';') {
                derive(&tokens[item..=index], errors);
                item = index + 1;
            }
            continue;
        };
        let is_macro = |name: &str| index > 1 && is_punct(&tokens[index - 1], '!') && is_word(&tokens[index - 2], name);
        if is_macro("disconnected") {
            let mut call: TokenStream = "disconnect_core;".parse().expect("what the public macro adds");
            call.extend(group.stream());
            messages(crate::event::expand(call), errors);
        } else {
            expand_all(group.stream(), errors);
        }
        if group.delimiter() == Delimiter::Brace {
            derive(&tokens[item..=index], errors);
            item = index + 1;
        }
    }
}

/// Runs the derives that stand above an item.
fn derive(item: &[TokenTree], errors: &mut Vec<String>) {
    let attributes: TokenStream = item.iter().filter(|token| is_bracket(token)).cloned().collect();
    let names = attributes.to_string();
    let read = || Item::parse(item.iter().cloned().collect());
    let mut expand = |name: &str, derive: fn(Item) -> TokenStream| {
        if names.contains(name)
            && let Some(item) = read()
        {
            messages(derive(item), errors);
        }
    };
    expand("DisconnectField", crate::field::derive);
    expand("DisconnectEvidence", crate::evidence::derive);
    expand("DisconnectCode", crate::codes::derive);
}

/// Collects the messages of each `compile_error! { "..." }`.
fn messages(expanded: TokenStream, errors: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = expanded.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if index > 1 && is_word(&tokens[index - 2], "compile_error") {
            let message = group.stream().into_iter().find_map(|token| match token {
                TokenTree::Literal(literal) => Text::of(&literal).map(|text| text.value().to_owned()),
                _ => None,
            });
            errors.extend(message);
        } else {
            messages(group.stream(), errors);
        }
    }
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_bracket(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}
