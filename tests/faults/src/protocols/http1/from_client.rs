//! Faults by a client, at a hyper server.

use tokio::io::AsyncWriteExt;

use super::server::{serve_at, serve_forever, serve_with_guards};
use super::{Close, LONG, PROTOCOL, SERVER, SHORT, case, tables, with_many_headers, write_and_close};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;

/// Whether the case also runs with an endpoint that declares a FIN to be a goodbye.
type InBoth = bool;

#[rustfmt::skip] // one row per line
const REQUESTS: [(&str, &str, Close, InBoth); 19] = [
    ("Connection: close, then FIN", "GET / HTTP/1.1\r\nconnection: close\r\n\r\n", Close::Answered, true),
    ("FIN after an exchange, no goodbye", "GET / HTTP/1.1\r\n\r\n", Close::Answered, true),
    ("FIN without a byte", "", Close::Fin, true),
    ("FIN inside the head", "GET / HTTP/1.1\r\nhos", Close::Fin, true),
    ("FIN inside the body", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi", Close::Fin, true),
    ("FIN while the server works on it", "GET /stalls HTTP/1.1\r\n\r\n", Close::Fin, true),
    ("FIN inside a request with Connection: close", "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhi", Close::Fin, false),
    ("Connection: close, half-close while the server works on it", "GET /stalls HTTP/1.1\r\nconnection: close\r\n\r\n", Close::Fin, false),
    ("RST inside the head", "GET / HTTP/1.1\r\nhos", Close::Rst, false),
    ("RST inside the body", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi", Close::Rst, false),
    ("RST while the response is written", "GET /large HTTP/1.1\r\n\r\n", Close::Rst, false),
    ("RST while the server works on it", "GET /stalls HTTP/1.1\r\n\r\n", Close::Rst, false),
    ("RST after an exchange", "GET / HTTP/1.1\r\n\r\n", Close::AnsweredRst, true),
    ("garbage for a head", "\u{1}garbage\r\n\r\n", Close::Fin, false),
    ("garbage after an exchange", "GET / HTTP/1.1\r\n\r\n", Close::AnsweredGarbage, true),
    ("HTTP/2 to an HTTP/1 server", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Close::Fin, false),
    ("a header without a name", "GET / HTTP/1.1\r\n: value\r\n\r\n", Close::Fin, false),
    ("two lengths", "POST / HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi", Close::Fin, false),
    ("garbage for a chunk", "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", Close::Fin, false),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, request, close, in_both) in REQUESTS {
        for end in &tables(SERVER)[..if in_both { 2 } else { 1 }] {
            let (client, server) = pair().await?;
            let (got, _refused) =
                tokio::join!(serve_at(server, *end, LONG), write_and_close(client, request.as_bytes(), close));
            matrix.add(case(injected, "server", *end, got));
        }
    }
    for (injected, request) in [
        ("a head that is too large", with_many_headers("GET / HTTP/1.1")),
        ("a URI that is too long", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)).into_bytes()),
    ] {
        let (client, server) = pair().await?;
        let (end, _refused) = tokio::join!(serve_forever(server, LONG), write_and_close(client, &request, Close::Fin));
        matrix.add(Case::new(PROTOCOL, injected, "server", end));
    }
    for (injected, close) in [("FIN", Close::Fin), ("RST", Close::Rst)] {
        let (client, server) = pair().await?;
        let request = b"GET /stalls HTTP/1.1\r\n\r\n";
        let (end, _refused) = tokio::join!(serve_with_guards(server), write_and_close(client, request, close));
        let injected = format!("{injected} while the server works on it, seen by the dropped handler");
        matrix.add(Case::new(PROTOCOL, injected, "server", end?));
    }
    silent(matrix).await?;
    killed(matrix).await
}

async fn silent(matrix: &mut Matrix) -> Outcome {
    for (injected, request, in_both) in [
        ("silence from the start, header timeout", "", false),
        ("silence inside the head, header timeout", "GET / HTTP/1.1\r\nhos", true),
        ("silence inside the body, deadline", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi", false),
    ] {
        for end in &tables(SERVER)[..if in_both { 2 } else { 1 }] {
            let (mut silent, server) = pair().await?;
            silent.write_all(request.as_bytes()).await?;
            matrix.add(case(injected, "server", *end, serve_at(server, *end, SHORT).await));
        }
    }
    Ok(())
}

async fn killed(matrix: &mut Matrix) -> Outcome {
    const WORKING: &str = "GET /stalls HTTP/1.1\r\nconnection: close\r\n\r\n";
    for (injected, role, request, in_both) in [
        ("kill -9 before the head", "client", "", false),
        ("kill -9 inside the body", "client", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi", false),
        ("kill -9 while the server works on it", "client", "GET /stalls HTTP/1.1\r\n\r\n", false),
        ("kill -9 between two exchanges", "answered client", "GET / HTTP/1.1\r\n\r\n", true),
        ("Connection: close, then kill -9 while the server works on it", "client", WORKING, false),
    ] {
        for end in &tables(SERVER)[..if in_both { 2 } else { 1 }] {
            let (mut peer, tcp) = Peer::connected("http1", &[role, request]).await?;
            let (got, killed) = tokio::join!(serve_at(tcp, *end, LONG), async {
                peer.line().await?;
                peer.kill().await
            });
            killed?;
            matrix.add(case(injected, "server", *end, got));
        }
    }
    Ok(())
}
