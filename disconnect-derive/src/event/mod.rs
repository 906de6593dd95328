//! `disconnected!` in three phases: parse, model, expand.

mod expand;
mod model;
mod parse;
mod refused;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Expands to the event, or to all errors.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::parse(input, &mut errors);
    let uses = refused::uses(&written);
    let event = model::build(written, &mut errors);
    let mistakes = errors.finish();
    match event {
        Some(event) if mistakes.is_empty() => expand::expand(&event),
        _ => quote::quote!({ #mistakes #uses }),
    }
}
