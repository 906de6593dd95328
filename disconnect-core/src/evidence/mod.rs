//! From what was seen to what it means: verdicts, and the walk through an error that finds them.
//!
//! A [`Verdict`] says what happened and on which [`Side`], without knowing who "we" are. An
//! [`Endpoint`](crate::Endpoint) knows that, and turns it into a [`Disconnect`](crate::Disconnect).
//!
//! Where the evidence is ambiguous the verdict is never "normal": a wrong `expected=true` hides an outage.
//!
//! # Where the libraries keep the answer
//!
//! An error value alone is often not all that is known, and the absence of an error says less than it seems. Each recipe is
//! the code that tells such ends apart, and the fault matrix runs it.
//!
//! | library | what an end without an error means | recipe |
//! |---|---|---|
//! | tokio | `Ok(0)` is a FIN: [`eof`], or what the goodbye before it said | [`tokio`] |
//! | tokio-util | `None` is a FIN. `LinesCodec` hands out a line without its end there, like a whole one | [`tokio_util`] |
//! | `tokio::io::copy` | one side sent a FIN; `copy_bidirectional` does not say which | [`tokio_copy`] |
//! | channels | another task has ended, and knows why | [`tokio_channels`] |
//! | rustls | `Ok(0)` is the peer's `close_notify` | [`rustls`] |
//! | native-tls | `Ok(0)` is a `close_notify` or a bare FIN, and nothing tells which | [`native_tls`] |
//! | OpenSSL | the same; a second read tells which | [`openssl`] |
//! | tungstenite | a close frame is a message: [`received`] with its code, 1005 if it has none | [`tungstenite`] |
//! | hyper, HTTP/1 | `Ok(())` of a connection follows `Connection: close`, a FIN and a reset | [`hyper_http1`] |
//! | hyper, HTTP/2 | `Ok(())` follows a `GOAWAY` and a bare FIN; a body's `None` follows `RST_STREAM(NO_ERROR)`, too | [`hyper_http2`] |
//! | h2 | a server's `accept()` gives `None` after a `GOAWAY` and after a bare FIN; a client's `ready()` knows the `GOAWAY` | [`h2`] |
//! | tonic | a server's `Ok(None)` is a call that was completed, cancelled or lost, and no goodbye | [`tonic`] |
//! | quinn | code 0 and a finished stream also come from a handle that was dropped, by a panic for example | [`quinn`] |
//! | russh, client | its handler's `disconnected` has the code; the session's end says nothing new | [`russh_client`] |
//! | russh, server | `Ok(())` follows every DISCONNECT of the client, also one for a fault, and is no goodbye | [`russh_server`] |
//! | OpenSSH | the status of the remote command; 255 for whatever goes wrong | [`openssh`] |
//! | a process | its exit status; who asked for a signal knows only the site that passed it on | [`process`] |
//! | a PTY | `Ok(0)` or `EIO` of the master says nothing: wait for the child | [`portable_pty`] |
//!
//! For all of them:
//!
//! - **An end of our own** is said before closing: [`shutting_down`], [`closed_locally`], or [`sent`] with the code that goes
//!   out, on a client as on a server. What the closing itself reports is not why it was done.
//! - **An error of another connection** must be wrapped, in a type of your own with
//!   [`DisconnectEvidence`](derive@crate::DisconnectEvidence), or its reset reads as this one's. A goodbye inside an error is
//!   not believed where the peer dialled, unless the endpoint says [`error_may_be_goodbye`].
//! - **A stream on a connection** (HTTP/2, gRPC) often knows no more than that it broke. Take the strongest of what the stream,
//!   the next request and the connection's future say, by [`Verdict::or_stronger`].
//! - **A read timeout of a std socket** is `WouldBlock`, which ends nothing by itself: the site that set it says
//!   [`idle_timeout`].
//! - **Application codes of QUIC** are the application's own. Give yours a meaning by
//!   [`DisconnectCode`](macro@crate::DisconnectCode) and `codes = ...`; with HTTP/3 they are
//!   [`Code::http3`](crate::Code::http3).
//!
//! Clients of databases and brokers, without a recipe:
//!
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
//!
//! [`eof`]: crate::Endpoint::eof
//! [`received`]: crate::Endpoint::received
//! [`sent`]: crate::Endpoint::sent
//! [`shutting_down`]: crate::Endpoint::shutting_down
//! [`closed_locally`]: crate::Endpoint::closed_locally
//! [`idle_timeout`]: crate::Endpoint::idle_timeout
//! [`error_may_be_goodbye`]: crate::Endpoint::error_may_be_goodbye
//! [`tokio`]: crate::guide::recipes#tokio
//! [`tokio_util`]: crate::guide::recipes#tokio_util
//! [`tokio_copy`]: crate::guide::recipes#tokio_copy
//! [`tokio_channels`]: crate::guide::recipes#tokio_channels
//! [`rustls`]: crate::guide::recipes#rustls
//! [`native_tls`]: crate::guide::recipes#native_tls
//! [`openssl`]: crate::guide::recipes#openssl
//! [`tungstenite`]: crate::guide::recipes#tungstenite
//! [`hyper_http1`]: crate::guide::recipes#hyper_http1
//! [`hyper_http2`]: crate::guide::recipes#hyper_http2
//! [`h2`]: crate::guide::recipes#h2
//! [`tonic`]: crate::guide::recipes#tonic
//! [`quinn`]: crate::guide::recipes#quinn
//! [`russh_client`]: crate::guide::recipes#russh_client
//! [`russh_server`]: crate::guide::recipes#russh_server
//! [`openssh`]: crate::guide::recipes#openssh
//! [`process`]: crate::guide::recipes#process
//! [`portable_pty`]: crate::guide::recipes#portable_pty

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
