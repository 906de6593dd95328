//! HTTP/2 error codes: RFC 9113, section 7.

use super::meaning::{Meaning, cancelled, ended, gave_up, going_away, mismatch, sorted, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// The error codes of `GOAWAY` and `RST_STREAM`.
#[rustfmt::skip] // one row a line
pub(super) const CODES: &[Meaning] = &sorted([
    // The goodbye of HTTP/2: sent for a shutdown, a maximum age, an idle connection, or by a load balancer.
    going_away(0x00, "NO_ERROR").ambiguous(),
    violation(0x01, "PROTOCOL_ERROR"),
    ended(0x02, "INTERNAL_ERROR", Cause::InternalError),
    violation(0x03, "FLOW_CONTROL_ERROR").because(Cause::Limit),
    // The acknowledgement did not arrive: the peer stalls, or the path is down.
    gave_up(0x04, "SETTINGS_TIMEOUT", Cause::Deadline).ambiguous(),
    violation(0x05, "STREAM_CLOSED"),
    violation(0x06, "FRAME_SIZE_ERROR").because(Cause::TooLarge),
    ended(0x07, "REFUSED_STREAM", Cause::Limit),
    cancelled(0x08, "CANCEL"),
    violation(0x09, "COMPRESSION_ERROR").because(Cause::Malformed),
    // The connection behind a `CONNECT` was lost, so the fault is that of a third party.
    gave_up(0x0a, "CONNECT_ERROR", Cause::Reset).ambiguous(),
    ended(0x0b, "ENHANCE_YOUR_CALM", Cause::Overload),
    mismatch(0x0c, "INADEQUATE_SECURITY").because(Cause::Policy),
    ended(0x0d, "HTTP_1_1_REQUIRED", Cause::Negotiation),
]);
