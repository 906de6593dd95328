//! TLS alerts: RFC 8446, section 6 and appendix B.2; RFC 9846 (`general_error`); RFC 9147, section 11 (DTLS);
//! RFC 9849, section 11.2 (encrypted client hello).

use super::meaning::{Meaning, cancelled, closed, ended, mismatch, sorted, unexplained, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// A certificate alert names its sender, who refused the certificate of the receiver. The `_RESERVED` alerts belong to
/// earlier versions. TLS 1.3 does not send them.
#[rustfmt::skip] // one row a line
pub(super) const ALERTS: &[Meaning] = &sorted([
    // The goodbye of TLS, for one direction. An end of file without it is a truncation.
    closed(0, "close_notify"),
    violation(10, "unexpected_message"),
    // The record was damaged or tampered with, or the keys differ.
    mismatch(20, "bad_record_mac").because(Cause::Malformed).ambiguous(),
    mismatch(21, "decryption_failed_RESERVED").because(Cause::Malformed).ambiguous().unsendable(),
    violation(22, "record_overflow").because(Cause::TooLarge),
    violation(30, "decompression_failure_RESERVED").because(Cause::Malformed).unsendable(),
    mismatch(40, "handshake_failure").because(Cause::Negotiation).ambiguous(),
    ended(41, "no_certificate_RESERVED", Cause::Auth).unsendable(),
    ended(42, "bad_certificate", Cause::Auth),
    ended(43, "unsupported_certificate", Cause::Auth),
    ended(44, "certificate_revoked", Cause::Auth),
    ended(45, "certificate_expired", Cause::Auth),
    ended(46, "certificate_unknown", Cause::Auth),
    violation(47, "illegal_parameter"),
    ended(48, "unknown_ca", Cause::Auth),
    ended(49, "access_denied", Cause::Auth),
    violation(50, "decode_error").because(Cause::Malformed),
    // A signature, a pre-shared key or the Finished message did not verify: an authentication failure, not a violation.
    ended(51, "decrypt_error", Cause::Auth).ambiguous(),
    violation(52, "too_many_cids_requested").because(Cause::Limit),
    ended(60, "export_restriction_RESERVED", Cause::Policy).unsendable(),
    mismatch(70, "protocol_version").because(Cause::Negotiation),
    mismatch(71, "insufficient_security").because(Cause::Policy),
    ended(80, "internal_error", Cause::InternalError),
    mismatch(86, "inappropriate_fallback").because(Cause::Negotiation),
    cancelled(90, "user_canceled"),
    ended(100, "no_renegotiation_RESERVED", Cause::Negotiation).ambiguous().unsendable(),
    violation(109, "missing_extension"),
    violation(110, "unsupported_extension"),
    ended(111, "certificate_unobtainable_RESERVED", Cause::Auth).unsendable(),
    mismatch(112, "unrecognized_name").because(Cause::Negotiation),
    ended(113, "bad_certificate_status_response", Cause::Auth),
    ended(114, "bad_certificate_hash_value_RESERVED", Cause::Auth).unsendable(),
    ended(115, "unknown_psk_identity", Cause::Auth),
    ended(116, "certificate_required", Cause::Auth),
    unexplained(117, "general_error").ambiguous(),
    mismatch(120, "no_application_protocol").because(Cause::Negotiation),
    mismatch(121, "ech_required").because(Cause::Negotiation),
]);
