//! QUIC transport error codes: RFC 9000, section 20.1; RFC 9368, section 10.2 (version negotiation).

use super::meaning::{Meaning, ended, find, going_away, lost, mismatch, sorted, unexplained, violation};
use super::tls;
use crate::vocabulary::DisconnectCause as Cause;

#[rustfmt::skip] // one row per line
const CODES: &[Meaning] = &sorted([
    // The goodbye of QUIC: "closed abruptly in the absence of any error".
    going_away(0x00, "NO_ERROR").ambiguous(),
    ended(0x01, "INTERNAL_ERROR", Cause::InternalError),
    ended(0x02, "CONNECTION_REFUSED", Cause::Limit),
    violation(0x03, "FLOW_CONTROL_ERROR").because(Cause::Limit),
    violation(0x04, "STREAM_LIMIT_ERROR").because(Cause::Limit),
    violation(0x05, "STREAM_STATE_ERROR"),
    violation(0x06, "FINAL_SIZE_ERROR"),
    violation(0x07, "FRAME_ENCODING_ERROR").because(Cause::Malformed),
    violation(0x08, "TRANSPORT_PARAMETER_ERROR").because(Cause::Malformed),
    violation(0x09, "CONNECTION_ID_LIMIT_ERROR").because(Cause::Limit),
    violation(0x0a, "PROTOCOL_VIOLATION"),
    // A NAT may have given the client another address, so no rule has to be broken.
    mismatch(0x0b, "INVALID_TOKEN").ambiguous(),
    // The application closed during the handshake. QUIC hides its code until the handshake is confirmed.
    unexplained(0x0c, "APPLICATION_ERROR").ambiguous(),
    violation(0x0d, "CRYPTO_BUFFER_EXCEEDED").because(Cause::TooLarge),
    violation(0x0e, "KEY_UPDATE_ERROR"),
    // The keys reached their limit and were not updated. A healthy connection updates them before.
    ended(0x0f, "AEAD_LIMIT_REACHED", Cause::Limit).ambiguous(),
    lost(0x10, "NO_VIABLE_PATH", Cause::Unreachable),
    mismatch(0x11, "VERSION_NEGOTIATION_ERROR").because(Cause::Negotiation).ambiguous(),
    mismatch(CRYPTO_ERROR, "CRYPTO_ERROR").ambiguous().up_to(CRYPTO_ERROR + 0xff),
]);

/// The first of the 256 codes that carry a TLS alert.
const CRYPTO_ERROR: i64 = 0x0100;

/// Returns the row of a code, or the row of the TLS alert that the code carries.
pub(super) const fn meaning(code: i64) -> Option<&'static Meaning> {
    match find(tls::ALERTS, code - CRYPTO_ERROR) {
        // In QUIC every alert is fatal (RFC 9001, section 4.8), so `close_notify` and `user_canceled` are no goodbye
        // here.
        Some(alert) if !alert.is_expected() => Some(alert),
        Some(_) | None => find(CODES, code),
    }
}
