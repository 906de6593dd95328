//! WebSocket close codes: RFC 6455, section 7.4.1, and the IANA registry "WebSocket Close Code Number".

use super::meaning::{
    Meaning, Whose, closed, ended, gave_up, going_away, lost, mismatch, sorted, unexplained, violation,
};
use crate::verdict::Rank;
use crate::vocabulary::DisconnectCause as Cause;

/// Codes from 3000 to 3999 that are not listed belong to the libraries that registered them, 4000 to 4999 to
/// applications.
#[rustfmt::skip] // one row a line
pub(super) const CODES: &[Meaning] = &sorted([
    closed(1000, "NORMAL_CLOSURE"),
    going_away(1001, "GOING_AWAY"),
    violation(1002, "PROTOCOL_ERROR"),
    violation(1003, "UNSUPPORTED_DATA").because(Cause::Negotiation),
    unexplained(1004, "RESERVED").ambiguous().unsendable(),
    // A close frame without a code. It is still a goodbye.
    closed(1005, "NO_STATUS_RCVD").ambiguous().unsendable(),
    // No close frame arrived. A crash, an expired NAT entry, a proxy's timeout and a suspended phone all look like
    // this.
    lost(1006, "ABNORMAL_CLOSURE", Cause::UncleanEof).with_rank(Rank::Transport).ambiguous().unsendable(),
    violation(1007, "INVALID_DATA").because(Cause::Malformed),
    ended(1008, "POLICY_VIOLATION", Cause::Policy),
    violation(1009, "MESSAGE_TOO_BIG").because(Cause::TooLarge),
    // A server need not support any extension, so no rule was broken.
    mismatch(1010, "MANDATORY_EXTENSION").because(Cause::Negotiation),
    ended(1011, "INTERNAL_ERROR", Cause::InternalError),
    going_away(1012, "SERVICE_RESTART").because(Cause::Restart),
    ended(1013, "TRY_AGAIN_LATER", Cause::Overload),
    // The server behind a gateway sent an invalid response, so the fault is that of a third party.
    gave_up(1014, "BAD_GATEWAY", Cause::Unreachable).ambiguous(),
    mismatch(1015, "TLS_HANDSHAKE").because(Cause::Auth).by(Whose::Unknown).with_rank(Rank::Violation).unsendable(),
    ended(3000, "UNAUTHORIZED", Cause::Auth),
    ended(3003, "FORBIDDEN", Cause::Auth),
    // The peer was too slow, or the path is down.
    gave_up(3008, "TIMEOUT", Cause::Deadline).ambiguous(),
]);
