//! The proc macros behind [`disconnect-core`](https://docs.rs/disconnect-core), which re-exports them: depend on that
//! crate, not on this one.
//!
//! Each macro is a folder with one small file a phase: `parse` (what was written), `model` (what it means, and every
//! semantic error), `expand` (the code it becomes).

mod codes;
mod errors;
mod event;
mod evidence;
mod field;
mod hash;
mod keys;
mod lookup;
mod protocols;
mod slots;
mod spelling;
mod split;
mod suggest;
mod unsafe_chars;

use proc_macro::TokenStream;

/// Turns an enum into a closed set of categories with a log key.
///
/// Documented, with examples, at `disconnect_core::DisconnectField`.
///
/// # Attributes
///
/// On the enum:
///
/// - `#[field("key")]`: the log key, lower-case words joined by `_` or `.`. It is none that the event writes itself.
/// - `#[field("key", expected = "key")]`: the log key of the expected flag. Left out, it is `disconnect_expected` beside
///   `disconnect_reason`, and `<key>_expected` for any other key.
/// - `#[field("key", values = "verbatim")]`: a `#[value]` may be any line of at most 64 bytes, without the characters
///   that a [`Detail`](https://docs.rs/disconnect-core) may not hold.
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

/// Makes every value of a type say what it means for the connection: the reason, the side, and how strong that is.
///
/// Documented, with examples, at `disconnect_core::DisconnectEvidence`. The type may be an `Error`, from `thiserror` or
/// written by hand, which `classifier!` then finds anywhere in an error; any other value has a `verdict()`.
///
/// # Attributes
///
/// On every variant of an enum, or on a struct, one or both of these:
///
/// - `#[reason(NetworkError)]`: the value ends a connection for this reason, whatever lies inside it. A bare name is a
///   `DisconnectReason`; a category of your own set is given by a path: `#[reason(Leave::Kicked)]`.
/// - `#[transparent]`: what the error inside means. That is the field marked `#[source]` or `#[from]`, or else named
///   `source`, or else the only one. It may be an error, a `Box<dyn Error>` with or without `Send + Sync`, an
///   `anyhow::Error`, an `Arc` or `Box` of one of these, a type parameter that is an error, or an `Option` of one of
///   these. Where its type derives `DisconnectEvidence`, its verdict is read from it, whether or not a classifier lists
///   that type; it need not be an error then.
/// - Both together: the stronger of the two, and between equals the error inside.
///
/// On an enum, they are what its variants without either mean. Where both stand there, a variant without fields means the
/// reason alone.
///
/// Behind the reason, each left out or given once:
///
/// - `side = Local`, `Remote`, `Network` or `Unknown`: who ended or broke it, as seen from here. Left out, it is
///   `Network` for a `NetworkError`, and `Unknown` for any other reason. The network ends nothing on purpose, so
///   `Network` does not go with an expected reason of ours.
/// - `by = Client`: the party that ended it, where it is the same one on both ends. A `DisconnectInitiator`, or an
///   initiator of your own by its path.
/// - `cause = KeepaliveTimeout`: what exactly happened, a `DisconnectCause`, or a cause of your own by its path. In
///   parentheses, `cause = (why.cause())`, it is any expression for a cause or an option of one.
/// - `code = Code::websocket(1002)`: the protocol code, any expression for a `Code` or an `Option<Code>`.
/// - `rank = Timeout`: how strong this is as evidence. Left out, it follows: stated where there is a code, otherwise
///   what the reason and the cause imply. An `Unknown` with neither code nor cause is the weakest.
///
/// The expressions of a cause and a code may use the fields: named ones by their names, others as `_0`, `_1`, each as a
/// reference.
///
/// For reason, initiator, cause and rank, a bare name is one of the core's own, and a path is taken as it stands.
///
/// On the type:
///
/// - `#[evidence(crate = path)]`: where `disconnect_core` is, when it goes by another name.
#[proc_macro_derive(DisconnectEvidence, attributes(evidence, reason, transparent, source, from))]
pub fn derive_disconnect_evidence(input: TokenStream) -> TokenStream {
    evidence::derive(syn::parse_macro_input!(input)).into()
}

/// Makes an enum a set of close codes: each variant has its code, its name, and what it means.
///
/// Documented, with examples, at `disconnect_core::DisconnectCode`.
///
/// # Attributes
///
/// On the enum:
///
/// - `#[codes(websocket)]`: the protocol that the codes belong to. Known are `websocket`, `ssh`, `http2`, `http3`, `quic`,
///   `quic_application`, `amqp`, `exit`, `signal` and `sqlstate`. The codes of `tls`, `grpc` and `mqtt` are closed sets.
/// - `#[codes("discord")]`: a protocol of your own, by its name, which stands before the dot of a logged code.
/// - `#[codes(websocket, crate = path)]`: where `disconnect_core` is, when it goes by another name.
///
/// On every variant, one code and one meaning:
///
/// - `#[code(4004)]`: the code, a number or a text. Numbers are in the range that the protocol leaves to applications, such
///   as 3000 to 4999 for WebSocket. A text has at most 32 ASCII letters, digits, `-` and `_`; one that comes from the wire
///   has at most 8.
/// - `#[code(4004, name = "AUTH_FAILED")]`: the code's name. Left out, it is the variant's name in `snake_case`.
/// - `#[goodbye(Closed)]`: its sender ends the connection on purpose and cleanly. `GoingAway` is a sender that goes away,
///   `Cancelled` one that cancels the one request that the connection was. What the reason is follows from the role:
///   see `Verdict::closed`, `going_away` and `cancelled`.
/// - `#[reason(Unknown)]`: any other reason. A bare name is a `DisconnectReason`; a category of your own set is given by
///   a path: `#[reason(Leave::Kicked)]`.
///
/// Behind the reason or the goodbye, each left out or given once:
///
/// - `side = Sender`, `Receiver`, `Network` or `Unknown`, not for a goodbye: who ended or broke it. Left out, it is
///   `Receiver` for a `ProtocolError`, which the sender accuses, `Network` for a `NetworkError`, and `Sender` for any other
///   reason.
/// - `by = Client`: the party that ended it, where it is the same one on both ends. A `DisconnectInitiator`, or an
///   initiator of your own by its path.
/// - `cause = Auth`: what exactly happened, a `DisconnectCause`, or a cause of your own by its path.
/// - `rank = Timeout`, not for a goodbye: how strong this is as evidence, where the code only reports what its sender saw.
///   Left out, it is stated.
#[proc_macro_derive(DisconnectCode, attributes(codes, code, goodbye, reason))]
pub fn derive_disconnect_code(input: TokenStream) -> TokenStream {
    codes::derive(syn::parse_macro_input!(input)).into()
}

/// The machinery of `disconnect_core::disconnected!`, which hands over the path of its own crate first.
#[doc(hidden)]
#[proc_macro]
pub fn __disconnected(input: TokenStream) -> TokenStream {
    event::expand(input.into()).into()
}

/// The source of a file that both crates need, so that what it says is written once.
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
