//! quinn: the meaning of a close code, a broken stream and a truncated message.
//!
//! When a handle is dropped, also by a panic, quinn closes a connection with code 0 and finishes a stream. So a goodbye
//! needs its own code for a connection, and a last message for a stream.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectReason, Endpoint};
use quinn::{Connection, ConnectionError, ReadError, ReadExactError, RecvStream};

/// The meaning of an application's close and reset codes, which the classifier does not know.
pub type Codes = fn(u64) -> Verdict;

/// The codes of this application. None is 0, because quinn closes with 0 when the last handle is dropped, also by a
/// panic.
pub const DONE: u64 = 1;
pub const GOING_AWAY: u64 = 2;

pub fn own_codes(number: u64) -> Verdict {
    let code = Code::quic_application(number);
    match number {
        DONE => Verdict::closed(Side::Remote).with_code(code),
        GOING_AWAY => Verdict::going_away(Side::Remote).with_code(code),
        _ => code.received(),
    }
}

/// The end of a connection whose streams other tasks serve.
pub async fn serve(connection: &Connection, end: Endpoint, codes: Codes) -> Disconnect {
    loop {
        match connection.accept_uni().await {
            Ok(stream) => drop(stream),
            Err(error) => return lost(end, &error, codes),
        }
    }
}

/// The last message of a stream. Without it, a finished stream looks like one whose task panicked.
pub const LAST: [u8; 8] = *b"the last";

/// The end of a stream of messages. If the connection has ended, this is its end.
pub async fn read_messages(stream: &mut RecvStream, end: Endpoint, codes: Codes) -> Disconnect {
    let mut message = [0; 8];
    loop {
        match stream.read_exact(&mut message).await {
            Ok(()) if message == LAST => return end.closed_by_peer(),
            Ok(()) => {}
            // No goodbye. quinn also finishes a stream whose handle is dropped by a panic.
            Err(ReadExactError::FinishedEarly(0)) => return end.ended(DisconnectReason::Unknown, Side::Remote),
            // RFC 9114, section 7.1: the sender truncated a message.
            Err(ReadExactError::FinishedEarly(_)) => return end.ended(DisconnectReason::ProtocolError, Side::Remote),
            Err(ReadExactError::ReadError(ReadError::Reset(code))) => return end.resolve(codes(code.into_inner())),
            Err(ReadExactError::ReadError(ReadError::ConnectionLost(error))) => return lost(end, &error, codes),
            Err(error) => return end.failed(&error),
        }
    }
}

/// The end of a connection, from an error of its own calls or of its streams.
pub fn lost(end: Endpoint, error: &ConnectionError, codes: Codes) -> Disconnect {
    match error {
        ConnectionError::ApplicationClosed(frame) => end.resolve(codes(frame.error_code.into_inner())),
        error => end.failed(error),
    }
}
