//! gRPC status codes: "Status codes and their use in gRPC" (`doc/statuscodes.md`) and `google/rpc/code.proto`.

use core::time::Duration;

use super::meaning::{Meaning, Whose, cancelled, closed, ended, gave_up, mismatch, sorted, unexplained};
use crate::verdict::Rank;
use crate::vocabulary::DisconnectCause as Cause;

/// A status ends one call. The gRPC libraries create most of them. A status that an application chooses for a failed
/// request, such as `NOT_FOUND`, does not describe the connection.
#[rustfmt::skip] // one row a line
pub(super) const STATUSES: &[Meaning] = &sorted([
    closed(0, "OK"),
    cancelled(1, "CANCELLED"),
    unexplained(2, "UNKNOWN").ambiguous(),
    unexplained(3, "INVALID_ARGUMENT").ambiguous(),
    // Only the call ran out of time. The connection may still be alive.
    gave_up(4, "DEADLINE_EXCEEDED", Cause::Deadline).with_rank(Rank::Timeout),
    unexplained(5, "NOT_FOUND").ambiguous(),
    unexplained(6, "ALREADY_EXISTS").ambiguous(),
    ended(7, "PERMISSION_DENIED", Cause::Auth),
    ended(8, "RESOURCE_EXHAUSTED", Cause::Limit),
    unexplained(9, "FAILED_PRECONDITION").ambiguous(),
    unexplained(10, "ABORTED").ambiguous(),
    unexplained(11, "OUT_OF_RANGE").ambiguous(),
    mismatch(12, "UNIMPLEMENTED").because(Cause::Negotiation),
    // Any failure of the sender, such as a panic. A protocol violation is only one of them.
    ended(13, "INTERNAL", Cause::InternalError),
    // Created by a server that shuts down, by a proxy without a backend, and by a client whose connection broke.
    gave_up(14, "UNAVAILABLE", Cause::Unreachable).by(Whose::NetworkOrLocal).with_rank(Rank::Transport).ambiguous(),
    unexplained(15, "DATA_LOSS").ambiguous(),
    ended(16, "UNAUTHENTICATED", Cause::Auth),
]);

/// How long the client of a gRPC call waits, by the value of its header `grpc-timeout` (gRPC over HTTP/2, "Requests"): for
/// [`DisconnectGuard::within`](crate::DisconnectGuard::within). `None` where there is no such header, or none that is valid.
///
/// ```
/// use std::time::Duration;
/// use disconnect_core::evidence::grpc_timeout;
///
/// assert_eq!(grpc_timeout(Some("250m")), Some(Duration::from_millis(250)));
/// assert_eq!(grpc_timeout(Some("1 second")), None);
/// assert_eq!(grpc_timeout(None::<&str>), None);
/// ```
pub fn grpc_timeout<V: AsRef<[u8]>>(header: Option<V>) -> Option<Duration> {
    let header = header?;
    let (unit, digits) = header.as_ref().split_last()?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        value = value * 10 + u64::from((*digit as char).to_digit(10)?);
    }
    Some(match unit {
        b'H' => Duration::from_secs(value * 3600),
        b'M' => Duration::from_secs(value * 60),
        b'S' => Duration::from_secs(value),
        b'm' => Duration::from_millis(value),
        b'u' => Duration::from_micros(value),
        b'n' => Duration::from_nanos(value),
        _ => return None,
    })
}
