//! HTTP/3 error codes: RFC 9114, section 8.1; RFC 9297, section 5.2 (datagrams); RFC 9204, section 6 (QPACK).

use super::meaning::{Meaning, cancelled, ended, gave_up, going_away, sorted, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// An endpoint must treat an unregistered code like `H3_NO_ERROR` (RFC 9114, section 8). That rule keeps the protocol
/// extensible. It does not make the end normal, so such a code is `unknown` here.
#[rustfmt::skip] // one row a line
pub(super) const CODES: &[Meaning] = &sorted([
    violation(0x33, "H3_DATAGRAM_ERROR"),
    // The goodbye of HTTP/3: sent for a shutdown or an idle connection.
    going_away(0x0100, "H3_NO_ERROR").ambiguous(),
    violation(0x0101, "H3_GENERAL_PROTOCOL_ERROR"),
    ended(0x0102, "H3_INTERNAL_ERROR", Cause::InternalError),
    violation(0x0103, "H3_STREAM_CREATION_ERROR"),
    violation(0x0104, "H3_CLOSED_CRITICAL_STREAM"),
    violation(0x0105, "H3_FRAME_UNEXPECTED"),
    violation(0x0106, "H3_FRAME_ERROR").because(Cause::Malformed),
    ended(0x0107, "H3_EXCESSIVE_LOAD", Cause::Overload),
    violation(0x0108, "H3_ID_ERROR"),
    violation(0x0109, "H3_SETTINGS_ERROR"),
    violation(0x010a, "H3_MISSING_SETTINGS"),
    ended(0x010b, "H3_REQUEST_REJECTED", Cause::Limit),
    cancelled(0x010c, "H3_REQUEST_CANCELLED"),
    // The client's stream ended early: the client is gone, or it has a bug.
    gave_up(0x010d, "H3_REQUEST_INCOMPLETE", Cause::UncleanEof).ambiguous(),
    violation(0x010e, "H3_MESSAGE_ERROR").because(Cause::Malformed),
    // The connection behind a `CONNECT` was lost, so the fault is that of a third party.
    gave_up(0x010f, "H3_CONNECT_ERROR", Cause::Reset).ambiguous(),
    ended(0x0110, "H3_VERSION_FALLBACK", Cause::Negotiation),
    violation(0x0200, "QPACK_DECOMPRESSION_FAILED").because(Cause::Malformed),
    violation(0x0201, "QPACK_ENCODER_STREAM_ERROR").because(Cause::Malformed),
    violation(0x0202, "QPACK_DECODER_STREAM_ERROR").because(Cause::Malformed),
]);
