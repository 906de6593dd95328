//! [`DisconnectCause`]: what exactly happened, finer than the reason.

use disconnect_derive::DisconnectField;

/// What exactly happened, finer than the [`DisconnectReason`](crate::DisconnectReason). Logged as `disconnect_cause`.
///
/// Group by the cause, and alert on the reason. The classifier sets the cause; a call site may set it with
/// [`Disconnect::with_cause`](crate::Disconnect::with_cause). For causes of your own, derive
/// [`DisconnectField`](macro@crate::DisconnectField) with `#[field("disconnect_cause")]`.
///
/// ```
/// use disconnect_core::{Category, Disconnect, DisconnectCause, DisconnectReason};
///
/// let end = Disconnect::new(DisconnectReason::NetworkError).with_cause(DisconnectCause::KeepaliveTimeout);
/// assert_eq!(end.cause().map(Category::as_str), Some("keepalive_timeout"));
/// assert!(DisconnectCause::COUNT <= 26);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DisconnectField)]
#[field("disconnect_cause", crate = crate)]
pub enum DisconnectCause {
    /// The connection was reset or aborted: a TCP RST or a QUIC stateless reset.
    Reset,
    /// The byte stream ended without a goodbye: a FIN, a truncated frame, or TLS without `close_notify`.
    UncleanEof,
    /// The byte stream ended with a FIN, which the endpoint declares to be a goodbye with `fin_is_goodbye`. A killed peer
    /// also sends a FIN, so this is weak evidence.
    Fin,
    /// This side wrote to a connection that was already closed. The first cause is earlier.
    BrokenPipe,
    /// The peer did not answer a probe in time: TCP keep-alive, TCP user timeout, or a missed heartbeat.
    KeepaliveTimeout,
    /// The connection carried no data for longer than its idle timeout.
    IdleTimeout,
    /// One operation did not finish in time, such as the wait for the answer to a goodbye.
    Deadline,
    /// The peer cannot be reached: no route, the host or the network is down, or nothing listens on the port.
    Unreachable,
    /// The bytes are invalid in the protocol: garbage, a wrong checksum, invalid UTF-8.
    Malformed,
    /// A message or frame exceeded the limit of the receiver.
    TooLarge,
    /// The two sides have no version, cipher, extension or feature in common.
    Negotiation,
    /// The identity or the permissions of the peer were rejected: a bad certificate, a missing permission.
    Auth,
    /// A policy of the receiver forbids it. Not for credentials (`auth`) or quotas (`limit`).
    Policy,
    /// A quota is exhausted: connections, requests, rate or lifetime.
    Limit,
    /// The peer is overloaded and asks this side to retry later.
    Overload,
    /// A newer session of the same peer replaced this one.
    Replaced,
    /// An operator or administrator ended the connection.
    Kicked,
    /// The peer restarts and will be back.
    Restart,
    /// The connection has to be made again, to another place.
    Migrate,
    /// The process behind the connection crashed: an abort or a segmentation fault.
    Crash,
    /// The process behind the connection was killed from outside: by an operator, a supervisor or the out-of-memory
    /// killer.
    Killed,
    /// The process behind the connection exited with a status other than 0. The code holds the status.
    ExitStatus,
    /// This side ran out of memory, disk space or file descriptors.
    OutOfResources,
    /// The peer or this side reported an internal error.
    InternalError,
    /// The task that served the connection panicked.
    Panicked,
    /// The task that served the connection was dropped before it recorded an end: it was cancelled, or its runtime
    /// stopped.
    Dropped,
}
