//! Bytes that violate the protocol, by either side: at the side that reads them, and at the side that is told.

use tokio::io::AsyncWriteExt;

use super::Which::{Dialer, Listener};
use super::{Link, PROTOCOL, Session, Which, connect, said};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

/// The bytes that one side writes below its library.
type Violation = (&'static str, Which, fn() -> Vec<u8>);

#[rustfmt::skip] // one row per line
const VIOLATIONS: &[Violation] = &[
    ("unknown opcode", Dialer, || masked(0x83, b"what")),
    ("reserved bits", Dialer, || masked(0xf1, b"what")),
    ("unmasked frame", Dialer, || plain(0x81, b"what")),
    ("continuation of nothing", Dialer, || masked(0x80, b"what")),
    ("fragmented ping", Dialer, || masked(0x09, b"what")),
    ("text that is not UTF-8", Dialer, || masked(0x81, b"\xff\xfe")),
    ("message above the limit", Dialer, || masked(0x81, &[b'x'; 0xffff + 2])),
    ("binary where only text is taken", Dialer, || masked(0x82, b"what")),
    ("close frame of one byte", Dialer, || masked(0x88, b"x")),
    ("close 1006 on the wire", Dialer, || masked(0x88, &1006u16.to_be_bytes())),
    ("unknown opcode", Listener, || plain(0x8f, b"what")),
    ("masked frame", Listener, || masked(0x81, b"what")),
    ("text that is not UTF-8", Listener, || plain(0x81, b"\xc0\x80")),
    ("a gateway's error page", Listener, || GATEWAY.to_vec()),
];

/// Read as a frame, the first bytes announce 84 more.
const GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: 39\r\n\r\n\
    The server behind this gateway is gone.";

/// A client's frame. The mask is zero, so that the payload is unchanged.
pub(super) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = plain(first, payload);
    let header = frame.len() - payload.len();
    frame[1] |= 0x80;
    frame.splice(header..header, [0; 4]);
    frame
}

/// A server's frame.
fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        short @ ..=125 => vec![u8::try_from(short).unwrap_or(u8::MAX)],
        long => [&[127][..], &(long as u64).to_be_bytes()].concat(),
    };
    [&[first][..], &length, payload].concat()
}

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, by, bytes) in VIOLATIONS {
        let link = if *by == Dialer { Link::SESSION } else { Link::CONTROL };
        let (mut dialer, mut listener) = connect::plain().await?;
        let (violator, socket) = match by {
            Dialer => (link.dialer.0, dialer.get_mut()),
            Listener => (link.listener.0, listener.get_mut()),
        };
        socket.write_all(&bytes()).await?;
        let dialer = Session::new(dialer, link.dialer.1).serve();
        let listener = Session::new(listener, link.listener.1).serve();
        let (dialer, listener) = tokio::join!(dialer, listener);
        for (seen_by, end) in [(link.dialer.0, dialer), (link.listener.0, listener)] {
            let got = said(&end);
            matrix.add(Case::new(PROTOCOL, format!("{injected} by the {violator}"), seen_by, end).observed(got));
        }
    }
    Ok(())
}
