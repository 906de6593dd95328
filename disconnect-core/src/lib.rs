//! Why a connection ended, who ended it, on which layer, and whether that is normal: as log fields, checked by the
//! compiler.
//!
//! A site says what it knows; the operator filters, counts and alerts on fields instead of reading prose. The set of
//! answers is closed: a category cannot be added, renamed or given the other expected flag without the compiler saying so.
//!
//! ```
//! use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason};
//!
//! let end = Disconnect::new(DisconnectReason::ServerShutdown).with_initiator(DisconnectInitiator::Agent);
//! assert_eq!(end.reason().as_str(), "server_shutdown");
//! assert!(end.expected());
//! # #[cfg(feature = "tracing")]
//! disconnect_core::disconnected!(end, peer_id = 7, "disconnected from coordination RPC");
//! ```
//!
//! # Where to go
//!
//! - [`DisconnectReason`], [`DisconnectInitiator`], [`ConnectionDirection`], [`ConnectionMethod`] and
//!   [`DisconnectCause`]: the vocabulary, and when each category applies.
//! - [`DisconnectField`](macro@DisconnectField): the derive for categories of your own.
//! - [`assert_categories!`]: a set that others rely on does not change unseen.
//! - [`Disconnect`]: the record, with a [`Code`] and a [`Detail`]; [`disconnected!`]: the one line it becomes.
//! - [`Endpoint`]: turns what you saw (an end of file, an error, a cancelled task) into a record.
//! - [`Classifier`]: finds the evidence inside an error; [`classifier!`] teaches it the errors of other libraries;
//!   `Classifier::explain` says what it found, and what it did not understand.
//! - [`DisconnectEvidence`](macro@DisconnectEvidence): the derive by which error types of your own say what they mean.
//! - [`DisconnectCode`](macro@DisconnectCode): the derive by which close codes of your own say what they mean.
//! - [`DisconnectGuard`]: exactly one line for each connection, whatever happened, set from elsewhere by a
//!   [`DisconnectHandle`]; [`BoxedGuard`]: one whose type has a name; [`Shutdown`]: why a server closes all of them.
//! - [`Watched`]: a byte stream that tells its guard how the transport ended, for a library whose errors nobody reads, and
//!   counts bytes.
//! - [`Counters`]: how many connections ended, by category; [`PerCategory`]: that, once for each category of an enum of
//!   your own; [`DisconnectMetrics`]: the same with the handles of any metrics library.
//! - `DisconnectLayer`: a tracing layer that reads back what anybody logs; `testing::capture`: the same in a test.
//! - [`Recorded`]: categories read back from a log, a database or a peer.
//! - [`guide`]: chapters, such as the [recipe for each library](guide::recipes) and how to
//!   [write an adapter](guide::write_an_adapter) for a library of your own choice.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | owned [`Detail`]s, [`Recorded`], reading `std::io::Error`, [`DisconnectGuard`], [`Watched`], [`Counters`] |
//! | `tracing` | yes | [`disconnected!`], `Disconnect::record_on` |
//! | `serde` | no | `Serialize` and `Deserialize` for every derived enum and for [`Recorded`], `Serialize` for [`Disconnect`] |
//! | `layer` | no | `DisconnectLayer`, which reads disconnect events back |
//! | `log` | no | `Disconnect::log`: the line through the crate `log` |
//! | `tokio` | no | [`Watched`] by tokio's `AsyncRead` and `AsyncWrite` |
//! | `futures-io` | no | [`Watched`] by `AsyncRead` and `AsyncWrite` of futures-io |
//! | `testing` | no | `testing::capture`: the disconnect events of a test |
//!
//! Without features the crate is `no_std` without an allocator and depends on `disconnect-derive` alone.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What only the guard reads is compiled without it too: a cfg on each such item would cost more than the items.
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

pub use disconnect_derive::{DisconnectCode, DisconnectEvidence, DisconnectField};

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
