//! quinn: what a close code, a broken stream and a message that was cut short mean.
//!
//! quinn closes with code 0 and finishes streams where a handle is dropped, also by a panic. So a goodbye is a code of one's
//! own for the connection, and a last message for a stream.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectReason, Endpoint};
use quinn::{Connection, ConnectionError, ReadError, ReadExactError, RecvStream};

/// What the close and reset codes of an application mean. The classifier knows those of no application.
pub type Codes = fn(u64) -> Verdict;

/// This application's codes. None of them is 0: quinn closes with 0 where the last handle is dropped, also by a panic.
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

/// The last message of a stream: without one, nothing tells a stream that is finished from one whose task panicked.
pub const LAST: [u8; 8] = *b"the last";

/// The end of a stream of messages, which is that of its connection where that is over.
pub async fn read_messages(stream: &mut RecvStream, end: Endpoint, codes: Codes) -> Disconnect {
    let mut message = [0; 8];
    loop {
        match stream.read_exact(&mut message).await {
            Ok(()) if message == LAST => return end.closed_by_peer(),
            Ok(()) => {}
            // No goodbye: quinn finishes a stream whose handle is dropped, also by a panic.
            Err(ReadExactError::FinishedEarly(0)) => return end.ended(DisconnectReason::Unknown, Side::Remote),
            // RFC 9114, section 7.1: a message that its sender cut short.
            Err(ReadExactError::FinishedEarly(_)) => return end.ended(DisconnectReason::ProtocolError, Side::Remote),
            Err(ReadExactError::ReadError(ReadError::Reset(code))) => return end.resolve(codes(code.into_inner())),
            Err(ReadExactError::ReadError(ReadError::ConnectionLost(error))) => return lost(end, &error, codes),
            Err(error) => return end.failed(&error),
        }
    }
}

/// The end of a connection, as its own calls and those of its streams report it.
pub fn lost(end: Endpoint, error: &ConnectionError, codes: Codes) -> Disconnect {
    match error {
        ConnectionError::ApplicationClosed(frame) => end.resolve(codes(frame.error_code.into_inner())),
        error => end.failed(error),
    }
}
