//! `#[derive(DisconnectEvidence)]` in three phases: parse, model, expand.

pub(crate) mod expand;
pub(crate) mod model;
pub(crate) mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::item::Item;

/// Expands the derive to all errors and the generated code. Valid parts are generated even if there are errors, so that
/// the compiler also reports its own errors, such as a reason that does not exist, and uses elsewhere cause no further
/// ones.
pub(crate) fn derive(input: Item) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::parse(input, &mut errors);
    let model = model::build(written, &mut errors);
    let mut tokens = errors.finish();
    tokens.extend(model.as_ref().map_or_else(TokenStream::new, expand::expand));
    tokens
}
