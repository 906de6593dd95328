//! Phase three: turns the model into code. This phase cannot fail.
//!
//! The code is in an anonymous `const`. Its only import is a short name for the core's private module, and all other
//! names are absolute, so that nothing collides with names of the user.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::model::{Code, Kind, Literal, Meaning, Model, Protocol};
use super::parse::Written;
use crate::evidence::expand::name;
use crate::list::list;

/// The variants of the core's `Protocol`, in table order.
const VARIANTS: [&str; crate::protocols::PROTOCOLS.len()] = [
    "WebSocket",
    "Ssh",
    "Http2",
    "Http3",
    "Quic",
    "QuicApplication",
    "Tls",
    "Grpc",
    "Mqtt",
    "Amqp",
    "Exit",
    "Signal",
    "Sqlstate",
];

/// Generates a static with the variants and one with the rows. The compiler evaluates a static even if it is unused, so
/// an invalid row is always an error.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Model { ident, codes, .. } = model;
    let core = core_path(model.core.as_ref());
    let protocol = protocol(&model.protocol);
    let count = codes.len();
    let idents = list(codes.iter().map(|code| &code.ident));
    let rows = codes.iter().map(row);
    let places = 0..count;
    let meanings = codes.iter().map(|code| meaning(&code.meaning));
    quote! {
        #[allow(deprecated)]
        const _: () = {
            use #core::__private::codes as __dc;
            const PROTOCOL: __dc::Protocol = #protocol;
            static ALL: [#ident; #count] = [#(#ident::#idents),*];
            static ROWS: [__dc::Row; #count] = [#(#rows),*];
            #[automatically_derived]
            impl __dc::DisconnectCode for #ident {
                const PROTOCOL: __dc::Protocol = PROTOCOL;
                const ALL: &'static [Self] = &ALL;
                fn row(self) -> &'static __dc::Row {
                    match self { #(Self::#idents => &ROWS[#places],)* }
                }
                fn meaning(self) -> __dc::Verdict {
                    match self { #(Self::#idents => #meanings,)* }
                }
            }
        };
    }
}

fn core_path(stated: Option<&TokenStream>) -> TokenStream {
    stated.cloned().unwrap_or_else(|| quote!(::disconnect_core))
}

fn protocol(protocol: &Protocol) -> TokenStream {
    match protocol {
        Protocol::Known(place) => {
            let variant = Ident::new(VARIANTS[*place], Span::call_site());
            quote!(__dc::Protocol::#variant)
        }
        Protocol::Own(name) => quote!(__dc::Protocol::Own(&#name)),
    }
}

/// A row, with the span of the code: the core may report that the code is registered.
fn row(code: &Code) -> TokenStream {
    let Code { name, .. } = code;
    let place = Span::call_site().located_at(code.place);
    match &code.literal {
        Literal::Number(number) => quote_spanned!(place=> __dc::number(PROTOCOL, #number, #name)),
        Literal::Text(text) => quote_spanned!(place=> __dc::text(PROTOCOL, &#text, #name)),
    }
}

fn meaning(meaning: &Meaning) -> TokenStream {
    let mut tokens = match &meaning.kind {
        Kind::Goodbye(constructor) => {
            let constructor = format_ident!("{constructor}");
            quote!(__dc::Verdict::#constructor(__dc::Side::Local))
        }
        Kind::Reason(reason, side) => {
            let (reason, side) = (name(reason, "DisconnectReason"), format_ident!("{side}"));
            quote!(__dc::reason(#reason, __dc::Side::#side))
        }
    };
    if let Some(cause) = &meaning.cause {
        let cause = name(cause, "DisconnectCause");
        tokens = quote!(__dc::cause(#tokens, #cause));
    }
    if let Some(by) = &meaning.by {
        let by = name(by, "DisconnectInitiator");
        tokens = quote!(#tokens.by(#by));
    }
    if let Some(rank) = &meaning.rank {
        let rank = name(rank, "Rank");
        tokens = quote!(#tokens.with_rank(#rank));
    }
    tokens
}

/// Generates a placeholder impl for a set with errors, so that its uses elsewhere do not cause further errors.
pub(crate) fn stand_in(written: &Written) -> TokenStream {
    if written.variants.is_err() || !written.generics.params.is_empty() {
        return TokenStream::new();
    }
    let ident = &written.ident;
    let core = core_path(written.protocols.first().and_then(|codes| codes.core.as_ref()));
    quote! {
        const _: () = {
            use #core::__private::codes as __dc;
            impl __dc::DisconnectCode for #ident {
                const PROTOCOL: __dc::Protocol = __dc::Protocol::WebSocket;
                const ALL: &'static [Self] = &[];
                fn row(self) -> &'static __dc::Row { loop {} }
                fn meaning(self) -> __dc::Verdict { loop {} }
            }
        };
    }
}
