//! SSH disconnect reasons: RFC 4253, section 11.1; RFC 4250, section 4.2.2.

use super::meaning::{Meaning, closed, ended, lost, mismatch, sorted, unexplained, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// The reason codes of `SSH_MSG_DISCONNECT`.
#[rustfmt::skip] // one row a line
pub(super) const REASONS: &[Meaning] = &sorted([
    ended(1, "HOST_NOT_ALLOWED_TO_CONNECT", Cause::Policy),
    violation(2, "PROTOCOL_ERROR"),
    // Usually no common algorithm, rarely a violation.
    mismatch(3, "KEY_EXCHANGE_FAILED").because(Cause::Negotiation).ambiguous(),
    unexplained(4, "RESERVED").ambiguous().unsendable(),
    // The packet was damaged or tampered with.
    mismatch(5, "MAC_ERROR").because(Cause::Malformed).ambiguous(),
    violation(6, "COMPRESSION_ERROR").because(Cause::Malformed),
    ended(7, "SERVICE_NOT_AVAILABLE", Cause::Policy),
    mismatch(8, "PROTOCOL_VERSION_NOT_SUPPORTED").because(Cause::Negotiation),
    ended(9, "HOST_KEY_NOT_VERIFIABLE", Cause::Auth),
    lost(10, "CONNECTION_LOST", Cause::UncleanEof).ambiguous(),
    // The goodbye of SSH. A server also sends it for a shutdown, a kick or an idle timeout.
    closed(11, "BY_APPLICATION").ambiguous(),
    ended(12, "TOO_MANY_CONNECTIONS", Cause::Limit),
    // The login was not complete, so no session ended cleanly.
    ended(13, "AUTH_CANCELLED_BY_USER", Cause::Auth),
    ended(14, "NO_MORE_AUTH_METHODS_AVAILABLE", Cause::Auth),
    ended(15, "ILLEGAL_USER_NAME", Cause::Auth),
]);
