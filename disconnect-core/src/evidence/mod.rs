//! From what was seen to what it means: verdicts, and the walk through an error that finds them.
//!
//! A [`Verdict`] says what happened and on which [`Side`], without knowing who "we" are. An
//! [`Endpoint`](crate::Endpoint) knows that, and turns it into a [`Disconnect`](crate::Disconnect).
//!
//! Where the evidence is ambiguous the verdict is never "normal": a wrong `expected=true` hides an outage.
//!
//! # Where the libraries keep the answer
//!
//! An error value alone is often not all that is known. What to ask, and what to say:
//!
//! - **A goodbye that surfaces as an end of file**: the site that saw the goodbye says
//!   [`closed_by_peer`](crate::Endpoint::closed_by_peer) and ignores the end of file that follows.
//! - **A shutdown of our own**: say [`shutting_down`](crate::Endpoint::shutting_down) or
//!   [`closed_locally`](crate::Endpoint::closed_locally) before closing. What the closing itself reports is not why it was done.
//! - **A stream on a connection** (HTTP/2, gRPC): the stream often knows no more than that it broke. Take the strongest
//!   of the stream's error, the error of the next request (`ready()` of h2, the only place that tells of a `GOAWAY` without
//!   an error) and the connection's future, by [`Verdict::or_stronger`].
//! - **A close frame** of WebSocket is a message, not an error: [`received`](crate::Endpoint::received) with its code,
//!   1005 if it has none.
//! - **rustls**: a read of zero bytes is the peer's `close_notify`; without one it is an error.
//! - **hyper over HTTP/1** ends in `Ok(())` after a goodbye and after a bare FIN. Whoever saw `Connection: close` says
//!   [`closed_by_peer`](crate::Endpoint::closed_by_peer), anybody else [`eof`](crate::Endpoint::eof).
//! - **An h2 server** whose `accept()` gives `None` saw an [`eof`](crate::Endpoint::eof): a client's `GOAWAY` looks the
//!   same. A reset that `poll_reset()` tells is not a going away, even with code 0.
//! - **tonic**: a server's `Ok(None)` is a completed or a cancelled call; note the end of the request's body to tell them
//!   apart. A deadline of the client's own is [`Cause::Deadline`](crate::DisconnectCause::Deadline).
//! - **quinn**: application codes are the application's own. Give yours a meaning by
//!   [`DisconnectCode`](macro@crate::DisconnectCode) and `codes = ...`; with HTTP/3 they are
//!   [`Code::http3`](crate::Code::http3).
//! - **russh**: the client's reason arrives in its handler's `disconnected`, as an [`ssh`](crate::Code::ssh) code; an
//!   `exit-status` is [`received`](crate::Endpoint::received) with [`Code::exit`](crate::Code::exit). A server's session
//!   is `Ok` after a client's goodbye, whose code russh drops. A client that goes right after its goodbye lets the
//!   server's next write fail, which hides the goodbye: hand russh a stream that keeps such an error to itself until all
//!   is read. `Disconnect` from `run_stream` is an [`eof`](crate::Endpoint::eof) before the first word.
//! - **tokio-postgres**: the connection's own future knows why; a query only says "connection closed". A crash of another
//!   session and an immediate shutdown are no errors but notices: take them from `Connection::poll_message`, and give each
//!   `DbError` to the classifier. `57P01` is a server that shuts down, and one session that an operator ended, and never
//!   normal. sqlx drops notices.
//! - **Redis** has no goodbye: `CLIENT KILL`, `timeout`, a restart and a dead server are a FIN, and only a site that knows
//!   better declares it by [`fin_is_goodbye`](crate::Endpoint::fin_is_goodbye).
//! - **lapin**: `Connection::on_error`, or the error of a consumer. Later calls only say that the connection is closed.
//! - **rumqttc**: what `EventLoop::poll` gives. It connects again at the next call: say what ended before. With MQTT 3.1.1 a
//!   server says nothing; MQTT 5 has a `DISCONNECT` with a reason.
//! - **s2n-quic**: the codes of applications are their own, as with quinn. Closing without an error at the level of the
//!   transport is `unknown` by the peer: its application may have refused the connection.
//! - **openssl**: a read of zero bytes is the peer's `close_notify`, or a bare FIN. It was a goodbye if
//!   `SslStream::get_shutdown` has `RECEIVED`, and an [`eof`](crate::Endpoint::eof) otherwise. **native-tls** does not tell
//!   the two apart, so it is an [`eof`](crate::Endpoint::eof).
//! - **A process under a PTY**: `EIO` or an end of file of the master says nothing; wait for the child, and say
//!   [`shell_exited`](crate::Endpoint::shell_exited) for an interactive shell, and
//!   [`process_exited`](crate::Endpoint::process_exited) for a command. The site that passed on a Ctrl-C knows who asked for
//!   the signal, and says so.
//! - **A read timeout of a std socket** is `WouldBlock`, which ends nothing by itself: the site that set it says
//!   [`idle_timeout`](crate::Endpoint::idle_timeout).
//! - **A proxy**: wrap the error of the other connection in a type of your own with
//!   [`DisconnectEvidence`](derive@crate::DisconnectEvidence), or its reset reads as this one's.

mod adapters;
mod as_error;
mod classifier;
mod codes;
#[cfg(feature = "testing")]
mod conformance;
mod contexts;
mod derived;
#[cfg(feature = "std")]
mod explain;
#[cfg(feature = "std")]
mod io;
#[cfg(feature = "std")]
mod lookalikes;
mod own_codes;
mod reading;
#[cfg(feature = "std")]
mod texts;

pub use self::adapters::vocabulary;
pub use self::as_error::AsError;
pub use self::classifier::Classifier;
#[cfg(feature = "testing")]
pub use self::conformance::Conformance;
#[doc(hidden)]
pub use self::derived::expanded;
pub use self::derived::{DisconnectEvidence, derived};
#[cfg(feature = "std")]
pub use self::explain::{Explanation, Finding, Step};
#[doc(hidden)]
pub use self::own_codes::expanded as expanded_codes;
pub use self::own_codes::{AnyCode, DisconnectCode, own_codes};
pub use self::reading::{CodeReader, Reader, Reading};
pub use crate::verdict::{Rank, Side, Verdict};
