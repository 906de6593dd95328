//! Collects all errors of one input, so that the compiler reports them at once.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// The errors found so far. Passed through the phases and consumed by [`finish`](Self::finish).
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<Mistake>,
}

/// An error message with the range of tokens that it is about.
pub(crate) struct Mistake {
    first: Span,
    last: Span,
    message: String,
}

impl Mistake {
    pub(crate) fn at(tokens: &dyn ToTokens, message: impl Into<String>) -> Self {
        let mut spans = tokens.to_token_stream().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first), message: message.into() }
    }

    /// An error at a place without tokens.
    pub(crate) fn at_span(span: Span, message: impl Into<String>) -> Self {
        Self { first: span, last: span, message: message.into() }
    }

    /// The compiler marks a macro call from its first token to its last.
    fn tokens(&self) -> TokenStream {
        let Self { first, last, message } = self;
        let text = quote_spanned!(*last=> { #message });
        quote_spanned!(*first=> ::core::compile_error! #text)
    }
}

impl Errors {
    /// Records an error at the wrong tokens.
    pub(crate) fn at(&mut self, tokens: &dyn ToTokens, message: impl Into<String>) {
        self.push(Mistake::at(tokens, message));
    }

    /// Records an error at a place without tokens.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Into<String>) {
        self.push(Mistake::at_span(span, message));
    }

    /// Records an error that another function found.
    pub(crate) fn push(&mut self, mistake: Mistake) {
        self.found.push(mistake);
    }

    /// Whether no error was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Expands to one `compile_error!` for each error, at its place.
    pub(crate) fn finish(self) -> TokenStream {
        let mut tokens = TokenStream::new();
        for mistake in self.found {
            tokens.extend(mistake.tokens());
        }
        tokens
    }
}
