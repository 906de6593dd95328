//! Phase three: turns the model into code. This phase cannot fail.
//!
//! The code is in an anonymous `const`. Its only import is a short name for the core's private module, and all other
//! names are absolute, so that nothing collides with names of the user.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use super::model::{Arm, Cause, Model, Name, Reading, Source, Verdict};
use super::parse::Member;
use crate::list::list;

/// Generates the impl. A variant with an error gets a placeholder arm.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let core = model.core.as_ref().map_or_else(|| quote!(::disconnect_core), ToTokens::to_token_stream);
    let [impl_generics, type_generics] = model.generics.split();
    let bounds = bounds(model);
    let arms = model.arms.iter().map(arm);
    let stand_in = model.partial.then(|| quote!(_ => loop {},));
    // An enum without variants can be matched by value, but not behind a reference.
    let this = if model.arms.is_empty() && !model.partial { quote!(*self) } else { quote!(self) };
    quote! {
        const _: () = {
            use #core::__private::evidence as __dc;
            #[allow(unused_imports)]
            use __dc::ReadInside as _;
            #[automatically_derived]
            #[allow(deprecated, non_shorthand_field_patterns, unused_variables)]
            impl #impl_generics __dc::DisconnectEvidence for #ident #type_generics #bounds {
                fn evidence(&self) -> __dc::Reading<'_> {
                    match #this {
                        #(#arms,)*
                        #stand_in
                    }
                }
            }
        };
    }
}

/// The bounds of a generic type: the inner errors implement `Error`, and the type is `'static`.
fn bounds(model: &Model) -> TokenStream {
    let stated = &model.generics.bounds;
    if model.generics.params.is_empty() {
        return model.generics.where_clause();
    }
    let stated = (!stated.is_empty()).then(|| quote!(#stated,));
    let params = list(model.generics.params.iter().filter_map(|param| param.ident.as_ref()));
    let inside = model.arms.iter().filter_map(|arm| match &arm.reading {
        Reading::Inside(source) | Reading::Either(_, source) => Some(&source.ty),
        Reading::Settled(_) => None,
    });
    let inside = inside.filter(|ty| mentions((*ty).clone(), &params));
    quote!(where #stated #(#inside: __dc::Error + 'static,)* Self: 'static)
}

fn mentions(tokens: TokenStream, params: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => params.contains(&&ident),
        TokenTree::Group(group) => mentions(group.stream(), params),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn arm(arm: &Arm) -> TokenStream {
    let (verdict, source) = match &arm.reading {
        Reading::Settled(verdict) => (Some(verdict), None),
        Reading::Inside(source) => (None, Some(source)),
        Reading::Either(verdict, source) => (Some(verdict), Some(source)),
    };
    let variant = arm.variant.as_ref().map(|variant| quote!(::#variant));
    let fields = bindings(verdict, source);
    let reading = match (verdict.map(self::verdict), source.map(self::source)) {
        (Some(verdict), None) => quote!(__dc::Reading::settled(#verdict)),
        (Some(verdict), Some(source)) => quote!(__dc::either(#verdict, #source)),
        (None, source) => quote!(__dc::inside(#source)),
    };
    quote!(Self #variant { #fields .. } => #reading)
}

/// The local for the inner error. Its hygiene keeps it invisible to the user's expressions.
fn inside() -> Ident {
    Ident::new("inside", Span::mixed_site())
}

/// Binds every field that the arm uses, once.
fn bindings(verdict: Option<&Verdict>, source: Option<&Source>) -> TokenStream {
    let inside = inside();
    let mut mentioned: Vec<&(Member, Ident)> = Vec::new();
    for field in verdict.into_iter().flat_map(fields_of) {
        // The cause and the code may use the same field.
        if mentioned.iter().all(|(member, _)| *member != field.0) {
            mentioned.push(field);
        }
    }
    let is_source = |member: &Member| source.is_some_and(|source| source.member == *member);
    let named = mentioned.iter().map(|(member, name)| {
        let also = is_source(member).then(|| quote!(#inside @));
        quote!(#member: #also #name,)
    });
    let unnamed = source.map(|source| &source.member);
    let unnamed = unnamed.filter(|source| mentioned.iter().all(|(member, _)| member != *source));
    let unnamed = unnamed.map(|member| quote!(#member: #inside,));
    quote!(#(#named)* #unnamed)
}

/// The fields that the expressions of a verdict use.
fn fields_of(verdict: &Verdict) -> impl Iterator<Item = &(Member, Ident)> {
    let cause = match &verdict.cause {
        Some(Cause::Expression(expression)) => &expression.fields[..],
        Some(Cause::Name(_)) | None => &[],
    };
    let code = verdict.code.as_ref().map_or(&[][..], |code| &code.fields);
    cause.iter().chain(code)
}

fn first_span(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// Reads the inner error, as an `Option`.
fn source(source: &Source) -> TokenStream {
    let inside = inside();
    // With the span of the type: the compiler may report that it is not an error.
    let place = Span::call_site().located_at(first_span(&source.ty));
    // One reference for each kind of reading that is tried before the last one (autoref specialization).
    let read = quote_spanned!(place=> (&&&&__dc::Inside(#inside)).read_inside());
    if source.optional { quote!(#inside.as_ref().map(|#inside| #read)) } else { quote!(__dc::Some(#read)) }
}

fn verdict(verdict: &Verdict) -> TokenStream {
    let reason = name(&verdict.reason, "DisconnectReason");
    let side = verdict.side.as_ref();
    let side = side.map_or_else(|| quote!(__dc::None), |side| quote!(__dc::Some(__dc::Side::#side)));
    let mut tokens = quote!(__dc::verdict(#reason, #side));
    if let Some(cause) = &verdict.cause {
        let cause = match cause {
            Cause::Name(cause) => name(cause, "DisconnectCause"),
            Cause::Expression(expression) => expression.tokens.clone(),
        };
        tokens = quote!(__dc::cause(#tokens, #cause));
    }
    if let Some(code) = &verdict.code {
        let code = &code.tokens;
        tokens = quote!(__dc::code(#tokens, #code));
    }
    if let Some(by) = &verdict.by {
        let by = name(by, "DisconnectInitiator");
        tokens = quote!(#tokens.by(#by));
    }
    if let Some(rank) = &verdict.rank {
        let rank = name(rank, "Rank");
        tokens = quote!(#tokens.with_rank(#rank));
    }
    tokens
}

/// Resolves a bare name to a variant of the core's enum.
pub(crate) fn name(name: &Name, ours: &str) -> TokenStream {
    match name {
        Name::Ours(variant) => {
            let ours = Ident::new(ours, Span::call_site());
            quote!(__dc::#ours::#variant)
        }
        Name::Path(path) => path.clone(),
    }
}
