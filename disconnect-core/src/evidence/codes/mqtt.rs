//! MQTT 5 reason codes of `DISCONNECT`: MQTT 5.0, section 3.14.2.1 (and 2.4 for 0x8C).

use super::meaning::{Meaning, cancelled, closed, ended, going_away, lost, mismatch, sorted, unexplained, violation};
use crate::vocabulary::DisconnectCause as Cause;

/// Codes below 0x80 are goodbyes, the others errors.
#[rustfmt::skip] // one row per line
pub(super) const REASONS: &[Meaning] = &sorted([
    closed(0x00, "normal_disconnection"),
    // A client's goodbye that asks the server to publish its will message. Servers must not send it.
    cancelled(0x04, "disconnect_with_will_message").ambiguous(),
    unexplained(0x80, "unspecified_error").ambiguous(),
    violation(0x81, "malformed_packet").because(Cause::Malformed),
    violation(0x82, "protocol_error"),
    // The packet was valid, but its receiver does not accept it.
    mismatch(0x83, "implementation_specific_error").because(Cause::Negotiation).ambiguous(),
    ended(0x87, "not_authorized", Cause::Auth),
    ended(0x89, "server_busy", Cause::Overload),
    going_away(0x8b, "server_shutting_down"),
    ended(0x8c, "bad_authentication_method", Cause::Auth),
    // The server sends it because the client was silent: the client or the path may be down.
    lost(0x8d, "keepalive_timeout", Cause::KeepaliveTimeout),
    ended(0x8e, "session_taken_over", Cause::Replaced),
    ended(0x8f, "topic_filter_invalid", Cause::Policy),
    ended(0x90, "topic_name_invalid", Cause::Policy),
    violation(0x93, "receive_maximum_exceeded").because(Cause::Limit),
    violation(0x94, "topic_alias_invalid"),
    violation(0x95, "packet_too_large").because(Cause::TooLarge),
    ended(0x96, "message_rate_too_high", Cause::Limit),
    ended(0x97, "quota_exceeded", Cause::Limit),
    ended(0x98, "administrative_action", Cause::Kicked),
    violation(0x99, "payload_format_invalid").because(Cause::Malformed),
    mismatch(0x9a, "retain_not_supported").because(Cause::Negotiation),
    mismatch(0x9b, "qos_not_supported").because(Cause::Negotiation),
    going_away(0x9c, "use_another_server").because(Cause::Migrate),
    going_away(0x9d, "server_moved").because(Cause::Migrate),
    mismatch(0x9e, "shared_subscriptions_not_supported").because(Cause::Negotiation),
    ended(0x9f, "connection_rate_exceeded", Cause::Limit),
    // A planned limit of the connection's lifetime.
    closed(0xa0, "maximum_connect_time").because(Cause::Limit),
    mismatch(0xa1, "subscription_identifiers_not_supported").because(Cause::Negotiation),
    mismatch(0xa2, "wildcard_subscriptions_not_supported").because(Cause::Negotiation),
]);
