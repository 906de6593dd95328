//! Phase three: turns the model into code. This phase cannot fail.
//!
//! The code is in an anonymous `const`. Its only import is a short name for the core's private module, and all other
//! names are absolute, so that nothing collides with names of the user.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::model::{Category, ExpectedKey, Model};
use super::parse::{Shape, Written};
use crate::list::list;
use crate::lookup;
use crate::slots::Slot;

/// Generates all items of the derive.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Model { ident, categories, .. } = model;
    let core = core_path(model.core.as_ref());
    let count = categories.len();
    let idents = categories.iter().map(|category| &category.ident);
    let inherent = inherent(model);
    let field_impl = field_impl(model);
    let expectation = match &model.expected_key {
        ExpectedKey::None => TokenStream::new(),
        ExpectedKey::Key(_) => expectation_impl(ident),
    };
    let slot = model.slot.map(|marker| slot_impl(ident, marker));
    // A static instead of a const: each const with all variants costs compile time quadratic in their number.
    quote! {
        const _: () = {
            use #core::__private as __dc;
            static ALL: [#ident; #count] = [#(#ident::#idents),*];
            #inherent
            #field_impl
            #expectation
            #slot
            #core::__text_impls!(#ident);
        };
    }
}

fn core_path(stated: Option<&TokenStream>) -> TokenStream {
    stated.cloned().unwrap_or_else(|| quote!(::disconnect_core))
}

/// Each function calls into the core, because the compiler checks its body again for every enum.
fn inherent(model: &Model) -> TokenStream {
    let Model { ident, vis, key, categories, .. } = model;
    let count = categories.len();
    let index = index(model);
    let expectation = match &model.expected_key {
        ExpectedKey::None => TokenStream::new(),
        ExpectedKey::Key(key) => expectation(vis, key),
    };
    quote! {
        #[allow(dead_code, unreachable_pub)]
        impl #ident {
            /// The log key of this category.
            #vis const FIELD: &'static __dc::str = #key;
            /// The number of categories.
            #vis const COUNT: __dc::usize = #count;
            /// Every category, in declaration order.
            #vis const ALL: &'static [Self] = &ALL;
            /// The row of each category, in declaration order.
            #vis const CATEGORIES: &'static [__dc::Category] = __dc::categories::<Self>();
            /// The position in declaration order, below `COUNT`.
            #vis const fn index(self) -> __dc::usize { #index }
            /// The row of this category.
            #vis const fn category(self) -> &'static __dc::Category { &Self::CATEGORIES[self.index()] }
            /// The logged value.
            #vis const fn as_str(self) -> &'static __dc::str { __dc::value::<Self>(self.index()) }
            /// The category with this logged value or alias. The match is exact.
            #vis const fn parse(value: &__dc::str) -> __dc::Option<Self> { __dc::parse(value) }
            /// Whether the text is a logged value or an alias. The match is exact.
            #vis const fn valid(value: &__dc::str) -> __dc::bool { __dc::valid::<Self>(value) }
            /// The log key and the logged value.
            #vis const fn field(self) -> (&'static __dc::str, &'static __dc::str) { (#key, self.as_str()) }
            #expectation
        }
    }
}

/// The table behind `parse`. Values come first, at the positions of their categories, then aliases; the search may
/// reorder them.
fn lookup(categories: &[Category]) -> TokenStream {
    let (mut owners, mut given) = (Vec::new(), Vec::new());
    for (position, category) in (0..=u16::MAX).zip(categories) {
        owners.push(position);
        given.push(category.value.as_str());
    }
    for (position, category) in (0..=u16::MAX).zip(categories) {
        for alias in &category.aliases {
            owners.push(position);
            given.push(alias.as_str());
        }
    }
    let lookup::Table { order, seed, run, shifts, slots } = lookup::search(&given);
    let names = order.iter().map(|position| given[*position]);
    let longest = given.iter().map(|name| name.len()).max().unwrap_or_default();
    let own_position = order.iter().enumerate().all(|(at, position)| at == *position && at == usize::from(owners[at]));
    let owners = if own_position { vec![] } else { list(order.iter().map(|position| owners[*position])) };
    let (owners, shifts, slots) = (byte_string(&owners), byte_string(&shifts), byte_string(&slots));
    quote! {
        __dc::Lookup {
            seed: #seed, names: &[#(#names),*], owners: #owners, shifts: #shifts, slots: #slots, longest: #longest,
            run: #run,
        }
    }
}

/// Emits the numbers as one token, whatever the length of the table.
fn byte_string(numbers: &[u16]) -> Literal {
    let mut bytes = Vec::with_capacity(numbers.len() * 2);
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    Literal::byte_string(&bytes)
}

fn index(model: &Model) -> TokenStream {
    if model.dense {
        return quote!(self as __dc::usize);
    }
    let idents = model.categories.iter().map(|category| &category.ident);
    let positions = 0..model.categories.len();
    quote!(match self { #(Self::#idents => #positions),* })
}

fn field_impl(model: &Model) -> TokenStream {
    let Model { ident, key, categories, .. } = model;
    let (split, expected_key) = match &model.expected_key {
        ExpectedKey::None => (false, format!("{key}_expected")),
        ExpectedKey::Key(key) => (true, key.clone()),
    };
    let rows = categories.iter().map(|category| row(category, split));
    let expected =
        (0..64).zip(categories).fold(0_u64, |mask, (bit, category)| mask | u64::from(category.expected) << bit);
    let lookup = lookup(categories);
    quote! {
        #[automatically_derived]
        impl __dc::DisconnectField for #ident {
            const SET: &'static __dc::Set = &__dc::Set {
                field: #key, expected_key: #expected_key, categories: &[#(#rows),*], expected: #expected, lookup: #lookup,
            };
            const ALL: &'static [Self] = &ALL;
            fn index(self) -> __dc::usize { self.index() }
        }
    }
}

/// Uses constants instead of expressions in the common cases: the compiler checks a path faster than a call or an empty
/// slice.
fn row(category: &Category, split: bool) -> TokenStream {
    let Category { value, aliases, expected, docs, .. } = category;
    let expected = match (split, expected) {
        (false, _) => quote!(__dc::None),
        (true, true) => quote!(__dc::EXPECTED),
        (true, false) => quote!(__dc::UNEXPECTED),
    };
    let aliases = if aliases.is_empty() { quote!(__dc::NO_ALIASES) } else { quote!(&[#(#aliases),*]) };
    quote!(__dc::Category { value: #value, aliases: #aliases, expected: #expected, docs: #docs })
}

fn expectation(vis: &TokenStream, key: &str) -> TokenStream {
    quote! {
        /// The log key of the expected flag.
        #vis const EXPECTED_FIELD: &'static __dc::str = #key;
        /// Whether an end with this category is part of normal operation.
        #vis const fn expected(self) -> __dc::bool { __dc::expected::<Self>(self.index()) }
        /// The key and the value of the expected flag.
        #vis const fn expected_field(self) -> (&'static __dc::str, __dc::bool) {
            (Self::EXPECTED_FIELD, self.expected())
        }
    }
}

fn expectation_impl(ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl __dc::marker::ExpectedKey for #ident {}
    }
}

fn slot_impl(ident: &Ident, marker: &str) -> TokenStream {
    let marker = format_ident!("{marker}");
    quote! {
        #[automatically_derived]
        impl __dc::marker::#marker for #ident {}
    }
}

/// A placeholder for an enum with errors, so that its uses elsewhere do not cause further errors.
pub(crate) struct StandIn {
    ident: Ident,
    vis: TokenStream,
    /// The generics after `impl`, and those after the name.
    generics: [TokenStream; 2],
    core: TokenStream,
    /// Whether all variants are unit variants. Only then can the traits be implemented without further errors.
    plain: bool,
}

impl StandIn {
    pub(crate) fn of(written: &Written) -> Self {
        let unit_only = match &written.shape {
            Shape::Enum(variants) => variants.iter().all(|variant| variant.payload.is_unit()),
            Shape::Struct(_) | Shape::Union(_) => false,
        };
        let [impl_generics, type_generics] = written.generics.split();
        let bounds = written.generics.where_clause();
        Self {
            ident: written.ident.clone(),
            vis: written.vis.clone(),
            generics: [impl_generics, quote!(#type_generics #bounds)],
            core: core_path(written.fields.first().and_then(|field| field.core.as_ref())),
            plain: unit_only && written.generics.params.is_empty(),
        }
    }

    pub(crate) fn expand(&self) -> TokenStream {
        let Self { ident, vis, core, .. } = self;
        let [impl_generics, type_generics] = &self.generics;
        let traits = self.plain.then(|| self.traits());
        // By value like the real functions. Otherwise the trait's methods, which are not const, would be found first.
        let receiver = if self.plain { quote!(self) } else { quote!(&self) };
        quote! {
            const _: () = {
                use #core::__private as __dc;
                #[allow(dead_code)]
                impl #impl_generics #ident #type_generics {
                    #vis const FIELD: &'static __dc::str = "";
                    #vis const EXPECTED_FIELD: &'static __dc::str = "";
                    #vis const COUNT: __dc::usize = 0;
                    #vis const ALL: &'static [Self] = &[];
                    #vis const CATEGORIES: &'static [__dc::Category] = &[];
                    #vis const fn index(#receiver) -> __dc::usize { 0 }
                    #vis const fn category(#receiver) -> &'static __dc::Category { &__dc::NO_CATEGORY }
                    #vis const fn as_str(#receiver) -> &'static __dc::str { "" }
                    #vis const fn expected(#receiver) -> __dc::bool { false }
                    #vis const fn parse(_: &__dc::str) -> __dc::Option<Self> { __dc::None }
                    #vis const fn valid(_: &__dc::str) -> __dc::bool { false }
                    #vis const fn field(#receiver) -> (&'static __dc::str, &'static __dc::str) { ("", "") }
                    #vis const fn expected_field(#receiver) -> (&'static __dc::str, __dc::bool) { ("", false) }
                }
                #traits
            };
        }
    }

    fn traits(&self) -> TokenStream {
        let Self { ident, core, .. } = self;
        let slots = Slot::ALL.iter().filter_map(|slot| slot.marker()).map(|marker| slot_impl(ident, marker));
        quote! {
            impl __dc::DisconnectField for #ident {
                const SET: &'static __dc::Set = &__dc::Set::EMPTY;
                const ALL: &'static [Self] = &[];
                fn index(self) -> __dc::usize { 0 }
            }
            impl __dc::marker::ExpectedKey for #ident {}
            #(#slots)*
            #core::__text_impls!(#ident);
        }
    }
}
