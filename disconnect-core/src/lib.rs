//! Why a connection ended, who ended it, on which layer, and whether that is normal: one line with fields from closed sets,
//! checked by the compiler.
//!
//! Name the local side, describe what you observed, and run each connection under a guard. The guard writes exactly one
//! line, also when the task is cancelled or panics. Operators filter, count and alert on its fields.
//!
#![doc = include_str!("guide/pictures/flow.svg")]
//!
//! # First example
//!
#![cfg_attr(all(feature = "std", feature = "tracing"), doc = "```")]
#![cfg_attr(not(all(feature = "std", feature = "tracing")), doc = "```ignore")]
//! use std::io;
//! use disconnect_core::{Disconnect, DisconnectGuard, Endpoint, disconnected};
//!
//! /// This side is the server, the peer is a client.
//! const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
//!
//! /// Reads lines until the client says `quit`.
//! fn serve(peer_id: u64, mut stream: impl io::BufRead) -> io::Result<Disconnect> {
//!     let guard = DisconnectGuard::new(END, move |end: &Disconnect| {
//!         disconnected!(end, peer_id, "session closed");
//!     });
//!     guard.run_blocking(|_handle| {
//!         let mut line = String::new();
//!         // An error that leaves by `?` is classified, logged and returned.
//!         while stream.read_line(&mut line)? != 0 {
//!             if line.trim_end() == "quit" {
//!                 return Ok(END.closed_by_peer()); // the client said goodbye
//!             }
//!             line.clear();
//!         }
//!         Ok(END.eof()) // the bytes stopped without a goodbye
//!     })
//! }
//!
//! let end = serve(2, &b"hello\n"[..])?;
//! assert_eq!((end.reason().as_str(), end.expected()), ("network_error", false));
//! # Ok::<(), io::Error>(())
//! ```
//!
//! With `tracing_subscriber::fmt().without_time().with_target(false).init()` it prints:
//!
//! ```text
//!  WARN session closed connect_type="client_to_server" disconnect_reason="network_error" disconnect_expected=false disconnect_initiator="network" disconnect_cause="unclean_eof" peer_id=2
//! ```
//!
//! # Which end gives which reason
//!
//! Only a goodbye is expected. Where the evidence is ambiguous, the reason is [`unknown`](DisconnectReason::Unknown).
//!
#![doc = include_str!("guide/pictures/ends.svg")]
//!
//! # Where to go
//!
//! | you want to | chapter of the [`guide`] |
//! |---|---|
//! | go from nothing to the first line, a test and a metric | [`guide::tutorial`] |
//! | choose a category | [`guide::choosing_a_category`] |
//! | look up a key, a value or a term | [`guide::vocabulary`] |
//! | use your protocol and your library | [`guide::evidence`], [`guide::recipes`], [`guide::watched_streams`] |
//! | read the errors of a library without an adapter | [`guide::libraries_without_an_adapter`], [`guide::write_an_adapter`] |
//! | name roles, reasons and codes of your own | [`guide::own_vocabulary`], [`guide::attributes`] |
//! | understand a compile error | [`guide::compile_errors`] |
//! | write one line for each connection, shut down, run a proxy | [`guide::guards_and_shutdown`] |
//! | test your service, and operate it | [`guide::testing`], [`guide::operating`] |
//! | know what is safe to log, and what is limited | [`guide::security`] |
//! | decide whether to use it, and migrate | [`guide::comparison`], [`guide::migration`], [`guide::faq`], [`guide::semver`] |
//!
//! | group | items |
//! |---|---|
//! | the vocabulary | [`DisconnectReason`], [`DisconnectInitiator`], [`ConnectionDirection`], [`ConnectionMethod`], [`DisconnectCause`] |
//! | categories of your own | the derive [`DisconnectField`](macro@DisconnectField), its traits [`DisconnectField`](trait@DisconnectField) and [`Expectation`], [`Category`], [`UnknownCategory`], [`assert_categories!`], the log keys in [`slot`] |
//! | one end as a record | [`Disconnect`], with a [`Code`] of a [`Protocol`] and a [`Detail`] |
//! | the line | [`disconnected!`]; [`Disconnect::record_on`] for a span; [`Disconnect::log`] for the crate `log` |
//! | what was observed | [`Endpoint`] between this side and its [`Peer`]; [`Verdict`], [`Side`] and [`Rank`] |
//! | what errors mean | [`Classifier`], [`classifier!`], [`Classifier::explain`], the derive [`DisconnectEvidence`](macro@DisconnectEvidence), the module [`evidence`] |
//! | close codes of your own | the derive [`DisconnectCode`](macro@DisconnectCode) |
//! | exactly one line | [`DisconnectGuard`], [`BoxedGuard`], [`DisconnectHandle`], [`SetOutcome`], [`Context`], [`Scope`], [`late_ends`] |
//! | why a server closes all of them | [`Shutdown`] |
//! | how the transport ended | [`Watched`] |
//! | counting | [`Counters`], [`Snapshot`], [`Count`], [`Axis`], [`PerCategory`], [`DisconnectMetrics`], [`metrics_counter!`] |
//! | reading lines back | [`DisconnectLayer`], [`Observed`], [`Inconsistency`], [`Recorded`]; [`testing::capture`] in a test |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | owned [`Detail`]s, [`Recorded`], reading `std::io::Error`, [`DisconnectGuard`], [`Watched`], [`Counters`] |
//! | `tracing` | yes | [`disconnected!`], [`Disconnect::record_on`] |
//! | `serde` | no | `Serialize` and `Deserialize` for every derived enum and for [`Recorded`], `Serialize` for [`Disconnect`] |
//! | `layer` | no | [`DisconnectLayer`], which reads disconnect events back |
//! | `log` | no | [`Disconnect::log`]: the line through the crate `log` |
//! | `tokio` | no | [`Watched`] by tokio's `AsyncRead` and `AsyncWrite` |
//! | `futures-io` | no | [`Watched`] by `AsyncRead` and `AsyncWrite` of futures-io |
//! | `testing` | no | [`testing`]: the disconnect events of a test |
//!
//! Without features the crate is `no_std`, needs no allocator, and depends on `disconnect-derive` alone. With the default features
//! a lock file gets eight packages: the two of this library; `proc-macro2`, `quote` and `unicode-ident` for the derives;
//! `tracing`, `tracing-core` and `pin-project-lite` for the event. Any `tracing` from 0.1.40 on will do. The crate needs Rust 1.85.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The documentation names the items of every feature, so that its links are complete with all features only.
#![cfg_attr(
    not(all(
        feature = "futures-io",
        feature = "layer",
        feature = "log",
        feature = "serde",
        feature = "std",
        feature = "testing",
        feature = "tokio",
        feature = "tracing"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
// Items that only the guard reads are also compiled without the guard: a `cfg` on each would be more code than the items.
#![cfg_attr(not(feature = "std"), allow(dead_code))]

#[cfg(feature = "std")]
extern crate std;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod category;
mod code;
mod endpoint;
#[cfg(feature = "tracing")]
#[doc(hidden)]
pub mod event;
pub mod evidence;
#[cfg(feature = "std")]
mod guard;
pub mod guide;
#[cfg(feature = "log")]
#[cfg_attr(docsrs, doc(cfg(feature = "log")))]
mod log;
#[cfg(feature = "std")]
mod observe;
mod record;
#[cfg(feature = "std")]
mod stream;
mod verdict;
mod vocabulary;

/// Derives the trait [`DisconnectCode`](trait@DisconnectCode) for close codes of your own.
///
/// ```
/// use disconnect_core::{Category, Code, DisconnectCode, Endpoint};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
/// #[codes(websocket)]
/// enum Chat {
///     #[code(4000)]
///     #[goodbye(GoingAway, cause = Restart)]
///     Restarting,
///     #[code(4001, name = "TOKEN_EXPIRED")]
///     #[reason(Unknown, cause = Auth)]
///     TokenExpired,
/// }
///
/// const END: Endpoint = Endpoint::CLIENT_FACING_SERVER;
///
/// let end = END.received(Chat::Restarting);
/// assert_eq!((end.reason().as_str(), end.expected()), ("server_shutdown", true));
/// let end = END.received(Chat::TokenExpired);
/// assert_eq!(end.initiator().map(Category::as_str), Some("server"));
/// assert!(!end.expected());
/// assert_eq!(Chat::from_code(Code::websocket(4001)).map(Chat::name), Some("TOKEN_EXPIRED"));
/// ```
///
pub use disconnect_derive::DisconnectCode;
/// Derives the trait [`DisconnectEvidence`](trait@DisconnectEvidence) for error types of your own.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use disconnect_core::{Category, Classifier, Code, DisconnectEvidence, Endpoint, classifier};
/// # use std::fmt;
///
/// #[derive(Debug, DisconnectEvidence)]
/// enum SessionError {
///     #[reason(NetworkError, cause = KeepaliveTimeout)]
///     Heartbeat,
///     #[reason(ProtocolError, side = Remote, code = Code::websocket(*code))]
///     BadFrame { code: u16 },
///     #[transparent]
///     Io(std::io::Error),
/// }
/// # impl fmt::Display for SessionError {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("the session failed") }
/// # }
/// impl std::error::Error for SessionError {} // or derive(thiserror::Error)
///
/// static CLASSIFIER: Classifier = classifier![SessionError];
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
///
/// let end = END.failed(&SessionError::Heartbeat);
/// assert_eq!(end.cause().map(Category::as_str), Some("keepalive_timeout"));
/// let end = END.failed(&SessionError::BadFrame { code: 1002 });
/// assert_eq!(end.reason().as_str(), "protocol_error");
/// assert_eq!(end.initiator().map(Category::as_str), Some("client"));
/// let end = END.failed(&SessionError::Io(std::io::ErrorKind::ConnectionReset.into()));
/// assert_eq!(end.cause().map(Category::as_str), Some("reset"));
/// # }
/// ```
///
pub use disconnect_derive::DisconnectEvidence;
/// Derives the trait [`DisconnectField`](trait@DisconnectField) for categories of your own.
///
/// ```
/// use disconnect_core::DisconnectField;
///
/// /// Why a player left.
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("disconnect_reason")]
/// enum LeaveReason {
///     #[alias("")]
///     Unknown,
///     /// The player quit from the menu.
///     #[expected]
///     Quit,
///     #[value("afk_kick")]
///     Idle,
/// }
///
/// assert_eq!(LeaveReason::Idle.field(), ("disconnect_reason", "afk_kick"));
/// assert_eq!(LeaveReason::Quit.expected_field(), ("disconnect_expected", true));
/// assert_eq!(LeaveReason::parse("quit"), Some(LeaveReason::Quit));
/// assert_eq!(LeaveReason::parse(""), Some(LeaveReason::Unknown));
/// assert_eq!(LeaveReason::parse("Quit"), None);
/// assert_eq!(LeaveReason::Quit.category().docs, "The player quit from the menu.");
/// ```
///
pub use disconnect_derive::DisconnectField;

#[cfg(feature = "std")]
pub use crate::category::Recorded;
pub use crate::category::{Category, DisconnectField, Expectation, UnknownCategory, slot};
pub use crate::code::{Code, ParseCodeError, Protocol};
pub use crate::endpoint::{Endpoint, Peer};
pub use crate::evidence::{Classifier, DisconnectCode, DisconnectEvidence};
#[cfg(feature = "std")]
pub use crate::guard::{
    BoxedGuard, Context, DisconnectGuard, DisconnectHandle, Scope, SetOutcome, Shutdown, late_ends,
};
#[cfg(feature = "testing")]
pub use crate::observe::testing;
#[cfg(feature = "std")]
pub use crate::observe::{Axis, Count, Counters, DisconnectMetrics, PerCategory, Snapshot};
#[cfg(feature = "layer")]
pub use crate::observe::{DisconnectLayer, Inconsistency, Observed};
pub use crate::record::{Detail, Disconnect};
#[cfg(feature = "std")]
pub use crate::stream::Watched;
pub use crate::verdict::{Rank, Side, Verdict};
pub use crate::vocabulary::{
    ConnectionDirection, ConnectionMethod, DisconnectCause, DisconnectInitiator, DisconnectReason,
};
