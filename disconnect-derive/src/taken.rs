//! The texts of an enum that must be unique.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};

/// The texts used so far, each with its place and its variant.
#[derive(Default)]
pub(crate) struct Taken(HashMap<String, (Span, Ident)>);

impl Taken {
    /// Reserves `text` for a variant. For a duplicate, returns the place and the variant of the first use.
    pub(crate) fn claim(&mut self, text: &str, place: Span, owner: &Ident) -> Option<(Span, Ident)> {
        let first = self.0.get(text).cloned();
        if first.is_none() {
            self.0.insert(text.to_owned(), (place, owner.clone()));
        }
        first
    }
}
