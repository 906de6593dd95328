//! What codes mean that have no [`Code`](crate::Code): those of OpenSSL, `SQLSTATE`, and the reply codes of AMQP.

use core::error::Error;

use super::text::packed_code;
use crate::code::Code;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

/// What a server said by a `SQLSTATE` (PostgreSQL 17, appendix A).
///
/// None is a normal end: 57P01 is a server that shuts down, and an operator who ended this session alone. An idle session
/// is ended by the server, and may hold a transaction open.
pub fn sqlstate(state: &str) -> Verdict {
    let by_peer = |cause| Verdict::new(Reason::Unknown, Side::Remote).with_cause(cause);
    match state {
        // `operator_intervention`, `admin_shutdown`, `database_dropped`.
        "57000" | "57P01" | "57P04" => by_peer(Cause::Kicked),
        // `crash_shutdown`: another session of the server crashed.
        "57P02" => by_peer(Cause::Crash),
        // `cannot_connect_now`: the server starts, stops or recovers.
        "57P03" => by_peer(Cause::Restart),
        // `idle_session_timeout`, `idle_in_transaction_session_timeout`.
        "57P05" | "25P03" => by_peer(Cause::IdleTimeout),
        // `transaction_timeout`.
        "25P04" => by_peer(Cause::Deadline),
        // `protocol_violation`: the server accuses this side.
        "08P01" => Verdict::new(Reason::ProtocolError, Side::Local),
        // Rejected, no such database.
        "08004" | "3D000" => by_peer(Cause::Policy),
        "53100" | "53200" => by_peer(Cause::OutOfResources),
        "53300" | "53400" => by_peer(Cause::Limit),
        "53000" => by_peer(Cause::Overload),
        // The server reports a connection that it lost, perhaps one behind it.
        "08000" | "08006" | "08S01" => {
            let lost = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof);
            return lost.said_by_peer().with_rank(Rank::Transport);
        }
        "28000" | "28P01" => by_peer(Cause::Auth),
        _ => Verdict::new(Reason::Unknown, Side::Remote),
    }
    .said_by_peer()
}

/// What a broker said by a reply code (AMQP 0-9-1, section 1.2).
///
/// 320 is an operator who closed this connection, and for RabbitMQ also a broker that shuts down.
pub fn amqp(code: u16) -> Verdict {
    let by_peer = |cause| Verdict::new(Reason::Unknown, Side::Remote).with_cause(cause);
    let ours = Verdict::new(Reason::ProtocolError, Side::Local);
    match code {
        200 => Verdict::closed(Side::Remote),
        311 => by_peer(Cause::TooLarge),
        320 => by_peer(Cause::Kicked),
        403 => by_peer(Cause::Auth),
        402 | 404..=406 | 530 => by_peer(Cause::Policy),
        501 | 502 => ours.with_cause(Cause::Malformed),
        503..=505 => ours,
        506 => by_peer(Cause::Limit),
        540 => by_peer(Cause::Negotiation),
        541 => by_peer(Cause::InternalError),
        _ => Verdict::new(Reason::Unknown, Side::Remote),
    }
    .said_by_peer()
}

/// What a packed error code of OpenSSL means: of version 3, and of version 1.1 and LibreSSL, which pack another way.
pub fn openssl(packed: u64) -> Option<Verdict> {
    const SSL: u64 = 20;
    let reason = match (packed >> 23 & 0xff, packed >> 24 & 0xff) {
        (SSL, _) => packed & 0x7f_ffff,
        (_, SSL) => packed & 0xfff,
        _ => return None,
    };
    let violation = |cause| Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(cause);
    Some(match reason {
        // Received alerts: 1000 and the number of the alert. `close_notify` is none that fails.
        1001..=1255 => Code::tls(u8::try_from(reason - 1000).ok()?).received(),
        // UNEXPECTED_EOF_WHILE_READING
        294 => Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof),
        // CERTIFICATE_VERIFY_FAILED, PEER_DID_NOT_RETURN_A_CERTIFICATE
        134 | 199 => Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Auth).with_rank(Rank::Violation),
        // NO_SUITABLE_{KEY_SHARE, SIGNATURE_ALGORITHM}, VERSION_TOO_HIGH, NO_PROTOCOLS_AVAILABLE, NO_SHARED_CIPHER,
        // NO_APPLICATION_PROTOCOL, UNKNOWN_PROTOCOL, UNSUPPORTED_PROTOCOL, NO_SUITABLE_GROUPS, VERSION_TOO_LOW
        101 | 118 | 166 | 191 | 193 | 235 | 252 | 258 | 295 | 396 => {
            Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation)
        }
        // DATA_LENGTH_TOO_LONG, ENCRYPTED_LENGTH_TOO_LONG, EXCESSIVE_MESSAGE_SIZE, PACKET_LENGTH_TOO_LONG
        146 | 150 | 152 | 198 => violation(Cause::TooLarge),
        // BAD_EXTENSION, BAD_SIGNATURE, HTTPS_PROXY_REQUEST, HTTP_REQUEST, LENGTH_MISMATCH, RECORD_LENGTH_MISMATCH,
        // UNEXPECTED_MESSAGE, UNEXPECTED_RECORD, UNKNOWN_CIPHER_RETURNED, WRONG_CIPHER_RETURNED, WRONG_VERSION_NUMBER,
        // BAD_LENGTH, DECRYPTION_FAILED_OR_BAD_RECORD_MAC, RECORD_TOO_SMALL, BAD_RECORD_TYPE
        110 | 123 | 155 | 156 | 159 | 213 | 244 | 245 | 248 | 261 | 267 | 271 | 281 | 298 | 443 => {
            violation(Cause::Malformed)
        }
        _ => return None,
    })
}

/// What the code in the text of an error means: `error:0A000418:SSL routines:...`.
pub fn openssl_in(error: &dyn Error) -> Option<Verdict> {
    packed_code(error, "error:").and_then(openssl)
}
