//! What a client does to a hyper server.

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};
use tokio::io::AsyncWriteExt;

use super::server::serve_forever;
use super::{Close, LONG, SHORT, VANISHED, with_many_headers, write_and_close};
use crate::loopback::pair;
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::Peer;
use crate::protocols::Outcome;

const VIOLATION: Truth = truth(Why::ProtocolError, By::Client);

#[rustfmt::skip] // one row a line
const REQUESTS: [(&str, &str, Close, Truth); 15] = [
    ("Connection: close, then FIN", "GET / HTTP/1.1\r\nconnection: close\r\n\r\n", Close::Answered, truth(Why::ClientClosed, By::Client)),
    ("FIN after an exchange, no goodbye", "GET / HTTP/1.1\r\n\r\n", Close::Answered, VANISHED),
    ("FIN without a byte", "", Close::Fin, VANISHED),
    ("FIN inside the head", "GET / HTTP/1.1\r\nhos", Close::Fin, VANISHED),
    ("FIN inside the body", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi", Close::Fin, VANISHED),
    ("FIN while the server works on it", "GET /stalls HTTP/1.1\r\n\r\n", Close::Fin, VANISHED),
    ("FIN inside a request with Connection: close", "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhi", Close::Fin, VANISHED),
    ("RST inside the head", "GET / HTTP/1.1\r\nhos", Close::Rst, VANISHED),
    ("RST inside the body", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi", Close::Rst, VANISHED),
    ("RST while the response is written", "GET /large HTTP/1.1\r\n\r\n", Close::Rst, VANISHED),
    ("garbage for a head", "\u{1}garbage\r\n\r\n", Close::Fin, VIOLATION),
    ("HTTP/2 to an HTTP/1 server", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Close::Fin, VIOLATION),
    ("a header without a name", "GET / HTTP/1.1\r\n: value\r\n\r\n", Close::Fin, VIOLATION),
    ("two lengths", "POST / HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi", Close::Fin, VIOLATION),
    ("garbage for a chunk", "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", Close::Fin, VIOLATION),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, request, close, truth) in REQUESTS {
        let (client, server) = pair().await?;
        let (end, _refused) =
            tokio::join!(serve_forever(server, LONG), write_and_close(client, request.as_bytes(), close));
        matrix.decidable("http1", injected, "server", truth, end);
    }
    let (client, server) = pair().await?;
    let request = b"GET /stalls HTTP/1.1\r\nconnection: close\r\n\r\n";
    let (end, _refused) = tokio::join!(serve_forever(server, LONG), write_and_close(client, request, Close::Fin));
    let (truth, why) =
        (truth(Why::ClientClosed, By::Client), "a FIN before the answer: a half-close, or nobody is there");
    matrix.undecidable(
        "http1",
        "Connection: close, half-close while the server works on it",
        "server",
        truth,
        end,
        why,
    );

    for (injected, request) in [
        ("a head that is too large", with_many_headers("GET / HTTP/1.1")),
        ("a URI that is too long", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)).into_bytes()),
    ] {
        let (client, server) = pair().await?;
        let (end, _refused) = tokio::join!(serve_forever(server, LONG), write_and_close(client, &request, Close::Fin));
        matrix.decidable("http1", injected, "server", VIOLATION, end);
    }
    for (injected, request) in [
        ("silence from the start, header timeout", ""),
        ("silence inside the head, header timeout", "GET / HTTP/1.1\r\nhos"),
        ("silence inside the body, deadline", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi"),
    ] {
        let (mut silent, server) = pair().await?;
        silent.write_all(request.as_bytes()).await?;
        matrix.decidable("http1", injected, "server", VANISHED, serve_forever(server, SHORT).await);
    }
    for (injected, request) in [
        ("kill -9 before the head", ""),
        ("kill -9 inside the body", "POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhi"),
        ("kill -9 while the server works on it", "GET /stalls HTTP/1.1\r\n\r\n"),
    ] {
        let (mut peer, tcp) = Peer::connected("http1", &["client", request]).await?;
        let (end, killed) = tokio::join!(serve_forever(tcp, LONG), async {
            peer.line().await?;
            peer.kill().await
        });
        killed?;
        matrix.decidable("http1", injected, "server", VANISHED, end);
    }
    Ok(())
}
