//! The derives and the macro behind [`disconnect-core`](https://docs.rs/disconnect-core), which re-exports them. Depend on
//! that crate, not on this one.
//!
//! | derive | for | a variant without a decision |
//! |---|---|---|
//! | [`DisconnectField`](macro@DisconnectField) | categories of your own: reasons, causes, roles | is logged by its name in `snake_case`, and is not expected |
//! | [`DisconnectEvidence`](macro@DisconnectEvidence) | your error types: what each error means for the connection | does not compile |
//! | [`DisconnectCode`](macro@DisconnectCode) | your close codes: what each code means for the connection | does not compile |
//!
//! Each derive reports every mistake in a type at once, at the smallest wrong token, and says what to write. The pages of
//! `disconnect-core` show an example of each.

// Each macro is a folder: `parse` reads the input, `model` checks it and reports every mistake, `expand` writes the code.
mod codes;
mod errors;
mod event;
mod evidence;
mod field;
mod hash;
mod item;
mod keys;
mod list;
mod literal;
mod lookup;
mod path;
mod protocols;
mod slots;
mod spelling;
mod split;
mod suggest;
mod taken;
mod unsafe_chars;

use proc_macro::TokenStream;

/// Turns an enum into a closed set of categories with a log key.
///
/// # Attributes
///
/// | on the enum | meaning |
/// |---|---|
/// | `#[field("key")]` | The log key: lower-case words joined by `_` or `.`. Required, and not a key that the event writes itself. |
/// | `#[field("key", expected = "key")]` | The log key of the expected flag. By default `disconnect_expected` for the key `disconnect_reason`, and `<key>_expected` for any other key. |
/// | `#[field("key", values = "verbatim")]` | A `#[value]` may be any line of at most 64 bytes, without the characters that a detail may not hold. |
/// | `#[field("key", crate = path)]` | Where `disconnect_core` is, if it has another name. |
///
/// | on a variant | meaning |
/// |---|---|
/// | `#[expected]` | This end is part of normal operation. Without it, the end is worth investigating. |
/// | `#[value("...")]` | The logged value. By default the variant's name in `snake_case`. |
/// | `#[alias("...")]` | This text also parses as the variant, and is never written. Repeatable. |
/// | a doc comment | The `docs` of the category. |
#[proc_macro_derive(DisconnectField, attributes(field, expected, value, alias))]
pub fn derive_disconnect_field(input: TokenStream) -> TokenStream {
    derived(input, field::derive)
}

/// Declares what every value of a type means for the connection: the reason, the side, and the strength of the evidence.
///
/// If the type is an error, list it in `classifier!`, which then finds it anywhere in a chain of errors. For any other type,
/// call `verdict()`.
///
/// # Attributes
///
/// A struct, and every variant of an enum, has a `#[reason]`, a `#[transparent]` or both. On an enum, they are the default for
/// variants that have neither.
///
/// | attribute | meaning |
/// |---|---|
/// | `#[reason(NetworkError)]` | The value ends a connection for this reason, independent of the error inside. A bare name is a `DisconnectReason`. A path is a category of your own: `#[reason(Leave::Kicked)]`. |
/// | `#[transparent]` | The value means what the error inside means. |
/// | both | The stronger of the two. If both are equal, the error inside. On an enum, a variant without fields has only the reason. |
/// | `#[evidence(crate = path)]` | On the type: the path of `disconnect_core`, if it has another name. |
///
/// The error inside is the field marked `#[source]` or `#[from]`, or else the field named `source`, or else the only field. It may
/// be an error, a `Box<dyn Error>` with or without `Send + Sync`, an `anyhow::Error`, an `Arc` or a `Box` of one of these, a type
/// parameter that is an error, or an `Option` of one of these. A type that derives `DisconnectEvidence` does not have to be an
/// error, and no classifier has to list it.
///
/// | after the reason | meaning | default |
/// |---|---|---|
/// | `side = Remote` | Who ended or broke the connection, from the point of view of this side: `Local`, `Remote`, `Network` or `Unknown`. `Network` is an error with an expected reason of the library. | `Network` for `NetworkError`, otherwise `Unknown` |
/// | `by = Client` | The party, if it is the same one on both sides of the connection: a `DisconnectInitiator`, or a path to an initiator of your own. | the side |
/// | `cause = KeepaliveTimeout` | What exactly happened: a `DisconnectCause`, or a path to a cause of your own. In parentheses, any expression for a cause or an option of one: `cause = (why.cause())`. | none |
/// | `code = Code::websocket(1002)` | The protocol code: any expression for a `Code` or an `Option<Code>`. | none |
/// | `rank = Timeout` | The strength of the evidence. | `Stated` with a code, otherwise what reason and cause imply; the weakest for `Unknown` without code and cause |
///
/// The expressions of a cause and of a code may use the fields: named ones by their names, others as `_0`, `_1`, each as a
/// reference.
#[proc_macro_derive(DisconnectEvidence, attributes(evidence, reason, transparent, source, from))]
pub fn derive_disconnect_evidence(input: TokenStream) -> TokenStream {
    derived(input, evidence::derive)
}

/// Makes an enum a set of close codes. Each variant has a code, a name and a meaning.
///
/// # Attributes
///
/// | on the enum | meaning |
/// |---|---|
/// | `#[codes(websocket)]` | The protocol of the codes: `websocket`, `ssh`, `http2`, `http3`, `quic`, `quic_application`, `amqp`, `exit`, `signal` or `sqlstate`. The codes of `tls`, `grpc` and `mqtt` are closed sets. |
/// | `#[codes("discord")]` | A protocol of your own. Its name is the part of a logged code before the dot. |
/// | `#[codes(websocket, crate = path)]` | The path of `disconnect_core`, if it has another name. |
///
/// Every variant has one `#[code]`, and one `#[goodbye]` or `#[reason]`:
///
/// | on a variant | meaning |
/// |---|---|
/// | `#[code(4004)]` | The code: a number or a text. A number is in the range that the protocol leaves to applications, such as 3000 to 4999 for WebSocket. A text has at most 32 ASCII letters, digits, `-` and `_`; one that comes from the wire has at most 8. |
/// | `#[code(4004, name = "AUTH_FAILED")]` | The name of the code. By default the variant's name in `snake_case`. |
/// | `#[goodbye(Closed)]` | The sender ends the connection on purpose and cleanly. `GoingAway`: the sender goes away. `Cancelled`: the sender cancels a single request. The role of the sender determines the reason: see `Verdict::closed`, `going_away` and `cancelled`. |
/// | `#[reason(Unknown)]` | Any other reason. A bare name is a `DisconnectReason`. A path is a category of your own: `#[reason(Leave::Kicked)]`. |
///
/// | after the reason or the goodbye | meaning | default |
/// |---|---|---|
/// | `side = Sender` | Who ended or broke the connection: `Sender`, `Receiver`, `Network` or `Unknown`. Not for a goodbye. | `Receiver` for `ProtocolError`, which the sender accuses; `Network` for `NetworkError`; otherwise `Sender` |
/// | `by = Client` | The party, if it is the same one on both sides of the connection: a `DisconnectInitiator`, or a path to an initiator of your own. | the side |
/// | `cause = Auth` | What exactly happened: a `DisconnectCause`, or a path to a cause of your own. | none |
/// | `rank = Timeout` | The strength of the evidence, if the code only reports an observation of its sender. Not for a goodbye. | `Stated` |
#[proc_macro_derive(DisconnectCode, attributes(codes, code, goodbye, reason))]
pub fn derive_disconnect_code(input: TokenStream) -> TokenStream {
    derived(input, codes::derive)
}

/// Reads the item and expands one derive. The compiler has parsed the item, so reading it cannot fail.
fn derived(input: TokenStream, derive: fn(item::Item) -> proc_macro2::TokenStream) -> TokenStream {
    item::Item::parse(input.into()).map(derive).unwrap_or_default().into()
}

/// The implementation of `disconnect_core::disconnected!`, which passes the path of its own crate first.
#[doc(hidden)]
#[proc_macro]
pub fn __disconnected(input: TokenStream) -> TokenStream {
    event::expand(input.into()).into()
}

/// The source of a file that both crates need, so that it exists only once.
#[doc(hidden)]
#[proc_macro]
pub fn __shared(file: TokenStream) -> TokenStream {
    let source = match file.to_string().as_str() {
        "hash" => include_str!("hash.rs"),
        "keys" => include_str!("keys.rs"),
        "protocols" => include_str!("protocols.rs"),
        "spelling" => include_str!("spelling.rs"),
        "unsafe_chars" => include_str!("unsafe_chars.rs"),
        _ => "compile_error!(\"this file is not shared\");",
    };
    source.parse().unwrap_or_default()
}
