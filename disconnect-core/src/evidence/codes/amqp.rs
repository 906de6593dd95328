//! AMQP reply codes: AMQP 0-9-1, section 1.2, and `NO_ROUTE` of RabbitMQ. They close a connection or one of its
//! channels.

use super::meaning::{Meaning, closed, ended, mismatch, sorted, unexplained, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// Codes from 500 on, 320 and 402 close the connection. The others close one channel.
#[rustfmt::skip] // one row a line
pub(super) const REPLIES: &[Meaning] = &sorted([
    // The goodbye of AMQP.
    closed(200, "reply-success"),
    // "At the present time": the broker may accept the same message later.
    ended(311, "content-too-large", Cause::TooLarge).ambiguous(),
    // About one message, which the broker returns. Nothing closes.
    unexplained(312, "no-route").ambiguous(),
    unexplained(313, "no-consumers").ambiguous(),
    // "An operator intervened": a broker sends it when it shuts down, and also when an operator ends one connection.
    ended(320, "connection-forced", Cause::Kicked).ambiguous(),
    ended(402, "invalid-path", Cause::Policy),
    ended(403, "access-refused", Cause::Auth),
    ended(404, "not-found", Cause::Policy),
    ended(405, "resource-locked", Cause::Policy),
    // Also sent for a delivery that was not acknowledged in time.
    ended(406, "precondition-failed", Cause::Policy).ambiguous(),
    violation(501, "frame-error").because(Cause::Malformed),
    violation(502, "syntax-error").because(Cause::Malformed),
    violation(503, "command-invalid"),
    violation(504, "channel-error"),
    violation(505, "unexpected-frame"),
    // The client created too many of something, or the broker lacks resources.
    ended(506, "resource-error", Cause::Limit).ambiguous(),
    ended(530, "not-allowed", Cause::Policy),
    mismatch(540, "not-implemented").because(Cause::Negotiation),
    ended(541, "internal-error", Cause::InternalError),
]);
