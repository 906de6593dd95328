//! What exactly went wrong: the finer, optional axis below the reason.

use disconnect_derive::DisconnectField;

/// What exactly happened, where the [`DisconnectReason`](crate::DisconnectReason) alone is too coarse: logged as
/// `disconnect_cause`. Operators group by it; alerts are better built on the reason.
///
/// Classification fills it in. Sites may set it, or use an enum of their own with `#[field("disconnect_cause")]`.
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
    /// The connection was reset or aborted: a TCP RST, a QUIC stateless reset.
    Reset,
    /// The bytes stopped without a goodbye: a FIN, a truncated frame, TLS without `close_notify`.
    UncleanEof,
    /// The bytes stopped with a FIN, which the endpoint declares to be the goodbye of its protocol. A killed peer looks the
    /// same, so the claim is weak.
    Fin,
    /// We wrote to a connection that was closed already. The first cause lies earlier.
    BrokenPipe,
    /// The peer answered no probe in time: TCP keep-alive or user timeout, a missed heartbeat.
    KeepaliveTimeout,
    /// Nothing was sent for longer than the connection may be idle.
    IdleTimeout,
    /// One operation was not done in time, such as a goodbye that was not answered.
    Deadline,
    /// There is no way to the peer: no route, the host or network is down, nobody listens.
    Unreachable,
    /// Bytes that make no sense in the protocol: garbage, a bad checksum, invalid UTF-8.
    Malformed,
    /// A message or frame above the receiver's limit.
    TooLarge,
    /// The two sides share no version, cipher, extension or feature.
    Negotiation,
    /// Who the peer is, or what it may do, was not accepted: a bad certificate, a missing permission.
    Auth,
    /// A rule of the receiver's forbids it, and neither credentials nor limits are the matter.
    Policy,
    /// A quota was used up: connections, requests, rate, lifetime.
    Limit,
    /// The peer has too much to do and asks to come back later.
    Overload,
    /// A newer session of the same peer took its place.
    Replaced,
    /// An operator or administrator ended it.
    Kicked,
    /// The peer restarts and comes back.
    Restart,
    /// The connection is to be made again elsewhere.
    Migrate,
    /// The process behind the connection crashed: an abort, a segmentation fault.
    Crash,
    /// The process behind the connection was killed from outside: by an operator, a supervisor, or for its memory.
    Killed,
    /// The process behind the connection ended with a status other than 0; the code says which.
    ExitStatus,
    /// Memory, disk or file handles ran out on this side.
    OutOfResources,
    /// The peer, or this side, failed inside and said so.
    InternalError,
    /// The task that served the connection panicked.
    Panicked,
    /// The task that served the connection was dropped before it could say why: cancelled, or its runtime is gone.
    Dropped,
}
