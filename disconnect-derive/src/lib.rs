//! The proc macros behind [`disconnect-core`](https://docs.rs/disconnect-core), which re-exports them: depend on that
//! crate, not on this one.
//!
//! Each macro is a folder with one small file a phase: `parse` (what was written), `model` (what it means, and every
//! semantic error), `expand` (the code it becomes).

mod errors;
mod event;
mod field;
mod keys;
mod lookup;
mod spelling;

use proc_macro::TokenStream;

/// Turns an enum into a closed set of categories with a log key.
///
/// Documented, with examples, at `disconnect_core::DisconnectField`.
///
/// # Attributes
///
/// On the enum:
///
/// - `#[field("key")]`: the log key, lower-case words joined by `_` or `.`.
/// - `#[field("key", expected = "key")]`: the log key of the bucket. Left out, it is `disconnect_expected` beside
///   `disconnect_reason`, and `<key>_expected` for any other key.
/// - `#[field("key", values = "verbatim")]`: a `#[value]` may be any printable line of at most 64 bytes.
/// - `#[field("key", crate = path)]`: where `disconnect_core` is, when it goes by another name.
///
/// On a variant:
///
/// - `#[expected]`: this end is part of normal operation. Unmarked means: look into it.
/// - `#[value("...")]`: the logged value. Left out, it is the variant's name in `snake_case`.
/// - `#[alias("...")]`, repeatable: also read back from this text, never written.
///
/// Doc comments of the variants become [`docs`](https://docs.rs/disconnect-core) of its categories.
#[proc_macro_derive(DisconnectField, attributes(field, expected, value, alias))]
pub fn derive_disconnect_field(input: TokenStream) -> TokenStream {
    field::derive(syn::parse_macro_input!(input)).into()
}

/// The machinery of `disconnect_core::disconnected!`, which hands over the path of its own crate first.
#[doc(hidden)]
#[proc_macro]
pub fn __disconnected(input: TokenStream) -> TokenStream {
    event::expand(input.into()).into()
}
