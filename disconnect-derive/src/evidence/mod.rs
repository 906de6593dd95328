//! `#[derive(DisconnectEvidence)]`: what was written, the model it means, the code it becomes.

pub(crate) mod expand;
pub(crate) mod model;
pub(crate) mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::item::Item;

/// The whole derive: the generated code, beside every mistake. What is legal is generated even then, so that the
/// compiler's own mistakes (a reason that does not exist) come in the same go, and uses elsewhere give none.
pub(crate) fn derive(input: Item) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::parse(input, &mut errors);
    let model = model::build(written, &mut errors);
    let mut tokens = errors.finish();
    tokens.extend(model.as_ref().map(expand::expand));
    tokens
}
