//! What a server does to a hyper client.

use std::io;

use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why};
use hyper::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::client::{dial, fetch};
use super::{Close, LONG, SHORT, VANISHED, full, read_head, with_many_headers, write_and_close};
use crate::loopback::pair;
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::Peer;
use crate::protocols::Outcome;

const VIOLATION: Truth = truth(Why::ProtocolError, By::Server);

#[rustfmt::skip] // one row a line
const ANSWERS: [(&str, &str, Close, Truth); 15] = [
    ("Connection: close, then FIN", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi", Close::Fin, truth(Why::Graceful, By::Server)),
    ("FIN after a response, no goodbye", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", Close::Fin, VANISHED),
    ("FIN before the head", "", Close::Fin, VANISHED),
    ("FIN inside the head", "HTTP/1.1 200 OK\r\ncontent-le", Close::Fin, VANISHED),
    ("FIN inside a body of known length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhi", Close::Fin, VANISHED),
    ("FIN inside a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhi", Close::Fin, VANISHED),
    ("FIN before the last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n", Close::Fin, VANISHED),
    ("RST before the head", "", Close::Rst, VANISHED),
    ("RST inside the body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhi", Close::Rst, VANISHED),
    ("RST after a response", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", Close::Rst, VANISHED),
    ("garbage for a head", "\u{1}garbage\r\n\r\n", Close::Fin, VIOLATION),
    ("a head with a bad version", "HTTP/9.9 200 OK\r\n\r\n", Close::Fin, VIOLATION),
    ("two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi", Close::Fin, VIOLATION),
    ("garbage for a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhi\r\n", Close::Fin, VIOLATION),
    ("a response that nobody asked for", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n", Close::Fin, VIOLATION),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, answer, close, truth) in ANSWERS {
        matrix.decidable("http1", injected, "client", truth, answered(answer.as_bytes(), close).await?);
    }
    let many = with_many_headers("HTTP/1.1 200 OK");
    matrix.decidable("http1", "a head that is too large", "client", VIOLATION, answered(&many, Close::Fin).await?);

    let why = "a body that ends with the connection: half of it looks like all of it";
    for (injected, head) in
        [("HTTP/1.1", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"), ("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n")]
    {
        let injected = format!("FIN inside a body without length, {injected}");
        matrix.undecidable("http1", injected, "client", VANISHED, answered(head.as_bytes(), Close::Fin).await?, why);
    }

    let (client, mut server) = pair().await?;
    let (end, written) = tokio::join!(get(client, SHORT), async {
        read_head(&mut server).await?;
        server.write_all(b"HTTP/1.1 200 OK\r\n").await
    });
    written?;
    matrix.decidable("http1", "silence inside the head, deadline", "client", VANISHED, end?);

    for (injected, answer) in [
        ("kill -9 before the head", ""),
        ("kill -9 inside the body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhi"),
        ("kill -9 between two exchanges", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
    ] {
        let (mut peer, tcp) = Peer::connected("http1", &["server", answer]).await?;
        let (end, killed) = tokio::join!(get(tcp, LONG), async {
            peer.line().await?;
            peer.kill().await
        });
        killed?;
        matrix.decidable("http1", injected, "client", VANISHED, end?);
    }
    Ok(())
}

/// How the client's connection ended whose request was answered by this.
async fn answered(answer: &[u8], close: Close) -> Result<Disconnect, Box<dyn std::error::Error + Send + Sync>> {
    let (client, mut server) = pair().await?;
    let answer = async {
        read_head(&mut server).await?;
        match (write_and_close(server, answer, close).await, close) {
            // The client may well reset a connection that it gives up.
            (Err(error), Close::Fin) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
            (written, _) => written,
        }
    };
    let (end, answer) = tokio::join!(get(client, LONG), answer);
    answer?;
    end
}

async fn get(
    tcp: TcpStream,
    patience: std::time::Duration,
) -> Result<Disconnect, Box<dyn std::error::Error + Send + Sync>> {
    let (sender, task) = dial(tcp).await?;
    Ok(fetch(sender, task, Request::get("/").body(full(""))?, patience).await)
}
