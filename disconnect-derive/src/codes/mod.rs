//! `#[derive(DisconnectCode)]` in three phases: parse, model, expand.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::item::Item;

/// Expands the derive: to the generated code, or to all errors and a placeholder impl.
pub(crate) fn derive(input: Item) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::parse(input, &mut errors);
    let stand_in = expand::stand_in(&written);
    let model = model::build(written, &mut errors);
    let mut tokens = errors.finish();
    tokens.extend(match model {
        Some(model) if tokens.is_empty() => expand::expand(&model),
        _ => stand_in,
    });
    tokens
}
