//! Verdicts for the codes that databases, brokers and OpenSSL put into errors.

use core::error::Error;

use super::text::packed_code;
use crate::code::Code;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

/// Returns the verdict of a SQLSTATE that the server sent.
pub fn sqlstate(state: &str) -> Verdict {
    match Code::sqlstate(state) {
        Some(code) => code.received(),
        None => Verdict::new(Reason::Unknown, Side::Remote).said_by_peer(),
    }
}

/// Returns the verdict of an AMQP reply code that the broker sent.
pub fn amqp(reply: u16) -> Verdict {
    Code::amqp(reply).received()
}

/// Returns the verdict of a packed OpenSSL error code. OpenSSL 3 packs it differently than OpenSSL 1.1 and LibreSSL.
pub fn openssl(packed: u64) -> Option<Verdict> {
    const SSL: u64 = 20;
    let reason = match (packed >> 23 & 0xff, packed >> 24 & 0xff) {
        (SSL, _) => packed & 0x7f_ffff,
        (_, SSL) => packed & 0xfff,
        _ => return None,
    };
    let violation = |cause| Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(cause);
    Some(match reason {
        // A received alert is 1000 plus its number. `close_notify` (0) does not appear as an error.
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

/// Returns the verdict of the code in an error's text, such as `error:0A000418:SSL routines:...`.
pub fn openssl_in(error: &dyn Error) -> Option<Verdict> {
    packed_code(error, "error:").and_then(openssl)
}
