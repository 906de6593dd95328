//! Reads evidence of why a connection ended: errors, protocol codes and exit statuses.
//!
//! Evidence becomes a [`Verdict`]: what happened, and on which [`Side`]. A verdict does not know which roles the two
//! sides have. An [`Endpoint`](crate::Endpoint) knows them and resolves the verdict to a
//! [`Disconnect`](crate::Disconnect).
//!
//! A verdict is expected only if one side said *goodbye*: it sent a message that announces a normal end, such as a
//! WebSocket close frame with the code 1000, a `GOAWAY` with `NO_ERROR`, or a TLS `close_notify`. Without a goodbye the
//! verdict is unexpected, even if the end may have been normal, because a wrong `expected=true` hides an outage. For
//! protocols without a goodbye, see [`fin_is_goodbye`](crate::Endpoint::fin_is_goodbye).
//!
//! # Ends without an error value
//!
//! Many libraries report the end of a connection without an error, or with less than they know. The table lists what
//! such a result means for each library. Each recipe shows the code that distinguishes the cases. The fault matrix
//! (`tests/faults`) runs every recipe.
//!
//! | library | result without an error, and what it means | recipe |
//! |---|---|---|
//! | tokio | `Ok(0)` is a FIN: use [`eof`], or the goodbye that the peer sent before | [`tokio`] |
//! | tokio-util | `None` is a FIN. `LinesCodec` then also returns a last line that was cut off, like a complete one | [`tokio_util`] |
//! | `tokio::io::copy` | one side sent a FIN; `copy_bidirectional` does not report which one | [`tokio_copy`] |
//! | channels | another task of this program ended first; only that task knows why | [`tokio_channels`] |
//! | rustls | `Ok(0)` is the peer's `close_notify` | [`rustls`] |
//! | native-tls | `Ok(0)` is a `close_notify` or a bare FIN; nothing distinguishes them | [`native_tls`] |
//! | OpenSSL | the same, but a second read distinguishes them | [`openssl`] |
//! | tungstenite | a close frame is a message: use [`received`] with its code, or 1005 if it has no code | [`tungstenite`] |
//! | hyper, HTTP/1 | the connection returns `Ok(())` after `Connection: close`, after a FIN and after a reset | [`hyper_http1`] |
//! | hyper, HTTP/2 | the connection returns `Ok(())` after a `GOAWAY` and after a bare FIN; a body also returns `None` after `RST_STREAM(NO_ERROR)` | [`hyper_http2`] |
//! | h2 | a server's `accept()` returns `None` after a `GOAWAY` and after a bare FIN; a client's `ready()` returns the `GOAWAY` | [`h2`] |
//! | tonic | on a server, `Ok(None)` is a call that was completed, cancelled or lost: it is no goodbye | [`tonic`] |
//! | quinn | code 0 and a finished stream also come from a dropped handle, for example after a panic | [`quinn`] |
//! | russh, client | the handler's `disconnected` gets the code; the result of the session adds nothing | [`russh_client`] |
//! | russh, server | `Ok(())` follows every DISCONNECT of the client, also one that reports a fault: it is no goodbye | [`russh_server`] |
//! | OpenSSH | the status of the remote command, or 255 for every other failure | [`openssh`] |
//! | a process | its exit status; only the code that sent a signal knows who asked for it | [`process`] |
//! | a PTY | `Ok(0)` or `EIO` on the master has no reason: wait for the child process | [`portable_pty`] |
//!
//! For all of them:
//!
//! - **This side closes.** Record it before closing, with [`shutting_down`], [`closed_locally`], or [`sent`] with the
//!   code that goes out. This holds for a client and for a server. The result of the close call itself does not
//!   show why this side closed.
//! - **An error of another connection.** Wrap it in a type of your own with
//!   [`DisconnectEvidence`](derive@crate::DisconnectEvidence). Otherwise a reset of the other connection counts as a
//!   reset of this one. If the peer dialled, a goodbye inside an error is ignored, unless the endpoint declares
//!   [`error_may_be_goodbye`].
//! - **A stream inside a connection** (HTTP/2, gRPC) often reports only that it broke. Combine the verdicts of the
//!   stream, of the next request and of the connection's future with [`Verdict::or_stronger`].
//! - **A read timeout of a std socket** is `WouldBlock`, which does not end a connection by itself. If your code closes
//!   after the timeout, record [`idle_timeout`].
//! - **QUIC application codes** belong to the application. Give yours a meaning with
//!   [`DisconnectCode`](macro@crate::DisconnectCode) and `codes = ...`. With HTTP/3 they are
//!   [`Code::http3`](crate::Code::http3).
//!
//! Clients of databases and brokers, which have no recipe:
//!
//! - **tokio-postgres**: the connection's future returns the error; a query only reports "connection closed". An
//!   immediate shutdown and the crash of another session arrive as notices, not as errors: take them from
//!   `Connection::poll_message`, and give each `DbError` to the classifier. `57P01` is unexpected, because PostgreSQL
//!   sends it for a shutdown and for a session that an operator ended. sqlx drops notices.
//! - **Redis** has no goodbye. `CLIENT KILL`, `timeout`, a restart and a crashed server all show as a FIN. Declare
//!   [`fin_is_goodbye`](crate::Endpoint::fin_is_goodbye) only if a FIN is normal for your connection.
//! - **lapin**: take the error from `Connection::on_error` or from a consumer. Later calls only report that the
//!   connection is closed.
//! - **rumqttc**: take the error from `EventLoop::poll`. The next call connects again, so record the end first. With
//!   MQTT 3.1.1 a server sends no reason; MQTT 5 has a `DISCONNECT` packet with a reason code.
//! - **s2n-quic**: application codes belong to the application, as with quinn. A close without an error at the
//!   transport level is `unknown` by the peer, because the peer's application may have refused the connection.
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
pub use self::codes::grpc_timeout;
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
