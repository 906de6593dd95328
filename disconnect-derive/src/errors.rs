//! Collects every mistake of one input, so that all are reported at once.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// The mistakes found so far. Handed through the phases and consumed by [`finish`](Self::finish).
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<Mistake>,
}

/// What is wrong, from one token to another.
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

    /// At a place that has no tokens of its own to show.
    pub(crate) fn at_span(span: Span, message: impl Into<String>) -> Self {
        Self { first: span, last: span, message: message.into() }
    }

    /// Rustc shows a macro from the first of its tokens to the last.
    fn tokens(&self) -> TokenStream {
        let Self { first, last, message } = self;
        let text = quote_spanned!(*last=> { #message });
        quote_spanned!(*first=> ::core::compile_error! #text)
    }
}

impl Errors {
    /// Records a mistake at the tokens that are wrong.
    pub(crate) fn at(&mut self, tokens: &dyn ToTokens, message: impl Into<String>) {
        self.push(Mistake::at(tokens, message));
    }

    /// Records a mistake at a place that has no tokens of its own to show.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Into<String>) {
        self.push(Mistake::at_span(span, message));
    }

    /// Records a mistake that another function found.
    pub(crate) fn push(&mut self, mistake: Mistake) {
        self.found.push(mistake);
    }

    /// Whether nothing was found so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// One `compile_error!` for each mistake, each at its own place.
    pub(crate) fn finish(self) -> TokenStream {
        let mut tokens = TokenStream::new();
        for mistake in self.found {
            tokens.extend(mistake.tokens());
        }
        tokens
    }
}
