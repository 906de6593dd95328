//! AMQP reply codes: AMQP 0-9-1, section 1.2, and RabbitMQ's `NO_ROUTE`. They close a connection or one of its channels.

use super::meaning::{Meaning, closed, ended, mismatch, sorted, unexplained, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// From 500 on, and 320 and 402, they close the connection; the others one channel.
#[rustfmt::skip] // one row a line
pub(super) const REPLIES: &[Meaning] = &sorted([
    // The goodbye of AMQP.
    closed(200, "reply-success"),
    // "At the present time": the same message may be taken later.
    ended(311, "content-too-large", Cause::TooLarge).ambiguous(),
    // About one message, which is returned: nothing closes.
    unexplained(312, "no-route").ambiguous(),
    unexplained(313, "no-consumers").ambiguous(),
    // "An operator intervened": a broker that shuts down says so, but also one that throws a single client out.
    ended(320, "connection-forced", Cause::Kicked).ambiguous(),
    ended(402, "invalid-path", Cause::Policy),
    ended(403, "access-refused", Cause::Auth),
    ended(404, "not-found", Cause::Policy),
    ended(405, "resource-locked", Cause::Policy),
    // Also a delivery that was not acknowledged in time.
    ended(406, "precondition-failed", Cause::Policy).ambiguous(),
    violation(501, "frame-error").because(Cause::Malformed),
    violation(502, "syntax-error").because(Cause::Malformed),
    violation(503, "command-invalid"),
    violation(504, "channel-error"),
    violation(505, "unexpected-frame"),
    // The client made too many of something, or the server has too little.
    ended(506, "resource-error", Cause::Limit).ambiguous(),
    ended(530, "not-allowed", Cause::Policy),
    mismatch(540, "not-implemented").because(Cause::Negotiation),
    ended(541, "internal-error", Cause::InternalError),
]);
