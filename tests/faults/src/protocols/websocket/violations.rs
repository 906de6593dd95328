//! Bytes that break the protocol, by either side: seen by who reads them, and by who is told of it.

use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::Which::{Dialer, Listener};
use super::closes::REWRITES;
use super::{Link, PROTOCOL, Session, Which, connect};
use crate::loopback::pair;
use crate::matrix::{Matrix, truth};
use crate::protocols::Outcome;

/// What one side writes below its library, and whether anybody could tell.
struct Violation {
    injected: &'static str,
    by: Which,
    bytes: fn() -> Vec<u8>,
    undecidable: Option<&'static str>,
}

const fn violation(injected: &'static str, by: Which, bytes: fn() -> Vec<u8>) -> Violation {
    Violation { injected, by, bytes, undecidable: None }
}

const VIOLATIONS: &[Violation] = &[
    violation("unknown opcode", Dialer, || masked(0x83, b"what")),
    violation("reserved bits", Dialer, || masked(0xf1, b"what")),
    violation("unmasked frame", Dialer, || plain(0x81, b"what")),
    violation("continuation of nothing", Dialer, || masked(0x80, b"what")),
    violation("fragmented ping", Dialer, || masked(0x09, b"what")),
    violation("text that is not UTF-8", Dialer, || masked(0x81, b"\xff\xfe")),
    violation("message above the limit", Dialer, || masked(0x81, &[b'x'; 0xffff + 2])),
    violation("binary where only text is taken", Dialer, || masked(0x82, b"what")),
    violation("close frame of one byte", Dialer, || masked(0x88, b"x")),
    Violation {
        undecidable: Some(REWRITES),
        ..violation("close 1006 on the wire", Dialer, || masked(0x88, &1006u16.to_be_bytes()))
    },
    violation("unknown opcode", Listener, || plain(0x8f, b"what")),
    violation("masked frame", Listener, || masked(0x81, b"what")),
    violation("text that is not UTF-8", Listener, || plain(0x81, b"\xc0\x80")),
    violation("a gateway's error page", Listener, || GATEWAY.to_vec()),
];

/// Read as a frame, its first bytes promise 84 more.
const GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: 39\r\n\r\n\
    The server behind this gateway is gone.";

/// A frame as a client sends it. The mask is zero, so that the payload stays what it is.
pub(super) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = plain(first, payload);
    let header = frame.len() - payload.len();
    frame[1] |= 0x80;
    frame.splice(header..header, [0; 4]);
    frame
}

/// A frame as a server sends it.
fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        short @ ..=125 => vec![u8::try_from(short).unwrap_or(u8::MAX)],
        long => [&[127][..], &(long as u64).to_be_bytes()].concat(),
    };
    [&[first][..], &length, payload].concat()
}

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for violation in VIOLATIONS {
        let link = if violation.by == Dialer { Link::SESSION } else { Link::CONTROL };
        let (mut dialer, mut listener) = connect::plain().await?;
        let violator = match violation.by {
            Dialer => dialer.get_mut(),
            Listener => listener.get_mut(),
        };
        violator.write_all(&(violation.bytes)()).await?;
        let dialer = Session::new(dialer, link.dialer.1).serve();
        let listener = Session::new(listener, link.listener.1).serve();
        let (dialer, listener) = tokio::join!(dialer, listener);
        record(matrix, violation, link, (dialer, listener));
    }
    handshakes(matrix).await
}

fn record(matrix: &mut Matrix, violation: &Violation, link: Link, seen: (Disconnect, Disconnect)) {
    let (violator, who) = match violation.by {
        Dialer => (link.dialer.0, By::Client),
        Listener => (link.listener.0, By::Server),
    };
    let truth = truth(Why::ProtocolError, who);
    let injected = format!("{} by the {violator}", violation.injected);
    for (seen_by, end) in [(link.dialer.0, seen.0), (link.listener.0, seen.1)] {
        match violation.undecidable {
            // Whoever broke the protocol is told so by an honest code.
            Some(why) if seen_by != violator => matrix.undecidable(PROTOCOL, &injected, seen_by, truth, end, why),
            _ => matrix.decidable(PROTOCOL, &injected, seen_by, truth, end),
        }
    }
}

/// The upgrade is part of the protocol as well.
async fn handshakes(matrix: &mut Matrix) -> Outcome {
    let violated = truth(Why::ProtocolError, By::Client);
    for (injected, bytes, truth) in [
        ("a request without an upgrade", &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], violated),
        ("an upgrade that is not HTTP", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", violated),
        ("half an upgrade, then FIN", b"GET / HTTP/1.1\r\nHost: loc", truth(Why::NetworkError, By::Network)),
    ] {
        let (mut client, server) = pair().await?;
        client.write_all(bytes).await?;
        client.shutdown().await?;
        matrix.decidable(PROTOCOL, injected, "server", truth, accept(server, Link::CONTROL.listener.1).await);
    }
    Ok(())
}

/// A server that takes nothing but upgraded connections.
async fn accept(stream: TcpStream, end: Endpoint) -> Disconnect {
    match tokio_tungstenite::accept_async(stream).await {
        Ok(socket) => Session::new(socket, end).serve().await,
        Err(error) => end.failed(&error),
    }
}
