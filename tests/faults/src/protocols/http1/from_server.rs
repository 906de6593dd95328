//! Faults by a server, at a hyper client.

use std::io;
use std::time::Duration;

use disconnect_core::{Disconnect, Endpoint};
use hyper::Request;
use tokio::io::AsyncWriteExt;

use super::client::{dial, get};
use super::server::serve_at;
use super::{BoxError, CLIENT, Close, LONG, PROTOCOL, SERVER, SHORT, case, full, read_head, tables};
use super::{with_many_headers, write_and_close};
use crate::line::line;
use crate::loopback::{Recorded, pair};
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;
use crate::recipes::hyper_http1::fetch;

/// Timeouts that do not expire in these cases.
const LIMITS: (Duration, Duration) = (LONG, LONG);

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// Whether the case also runs with an endpoint that declares a FIN to be a goodbye.
type InBoth = bool;

#[rustfmt::skip] // one row per line
const ANSWERS: [(&str, &str, Close, InBoth); 21] = [
    ("Connection: close, then FIN", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi", Close::Fin, false),
    ("Connection: close, then RST", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi", Close::Rst, false),
    ("FIN after a response, no goodbye", WHOLE, Close::Fin, true),
    ("FIN before the head", "", Close::Fin, true),
    ("FIN inside the head", "HTTP/1.1 200 OK\r\ncontent-le", Close::Fin, true),
    ("FIN inside a body of known length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhi", Close::Fin, true),
    ("FIN inside a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhi", Close::Fin, false),
    ("FIN before the last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n", Close::Fin, false),
    ("RST before the head", "", Close::Rst, false),
    ("RST inside the body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhi", Close::Rst, false),
    ("RST after a response", WHOLE, Close::Rst, true),
    ("RST inside a body without length", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi", Close::Rst, true),
    ("garbage for a head", "\u{1}garbage\r\n\r\n", Close::Fin, true),
    ("a head with a bad version", "HTTP/9.9 200 OK\r\n\r\n", Close::Fin, false),
    ("two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi", Close::Fin, false),
    ("garbage for a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhi\r\n", Close::Fin, false),
    ("a response that nobody asked for", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n", Close::Fin, false),
    // The same bytes, whether or not the server has more to send.
    ("FIN inside a body without length, HTTP/1.1", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi", Close::Fin, true),
    ("a body delimited by close, complete, HTTP/1.1", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi", Close::Fin, true),
    ("FIN inside a body without length, HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhi", Close::Fin, false),
    ("a body delimited by close, complete, HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhi", Close::Fin, false),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, answer, close, in_both) in ANSWERS {
        for end in &tables(CLIENT)[..if in_both { 2 } else { 1 }] {
            matrix.add(case(injected, "client", *end, answered(answer.as_bytes(), close, *end).await?));
        }
    }
    let many = with_many_headers("HTTP/1.1 200 OK");
    let (end, _) = answered(&many, Close::Fin, CLIENT).await?;
    matrix.add(Case::new(PROTOCOL, "a head that is too large", "client", end));
    for end in tables(CLIENT) {
        matrix.add(case("garbage while idle", "client", end, garbage_while_idle(end).await?));
    }
    silent(matrix).await?;
    killed(matrix).await
}

async fn silent(matrix: &mut Matrix) -> Outcome {
    let (client, mut server) = pair().await?;
    let (end, written) = tokio::join!(get(client, CLIENT, (SHORT, LONG)), async {
        read_head(&mut server).await?;
        server.write_all(b"HTTP/1.1 200 OK\r\n").await
    });
    written?;
    matrix.add(Case::new(PROTOCOL, "silence inside the head, deadline", "client", end?.0));

    let injected = "the server closes an idle connection by its timer";
    for end in tables(CLIENT) {
        let (client, server) = pair().await?;
        let (got, (ended, _)) = tokio::join!(get(client, end, LIMITS), serve_at(server, SERVER, SHORT));
        matrix.add(case(injected, "client", end, got?));
        if !end.eof().expected() {
            matrix.add(Case::new(PROTOCOL, injected, "server", ended));
        }
    }
    let injected = "the client closes an idle connection by its timer";
    for end in tables(SERVER) {
        let (client, server) = pair().await?;
        let (left, got) = tokio::join!(get(client, CLIENT, (LONG, SHORT)), serve_at(server, end, LONG));
        matrix.add(case(injected, "server", end, got));
        if !end.eof().expected() {
            matrix.add(Case::new(PROTOCOL, injected, "client", left?.0));
        }
    }
    Ok(())
}

async fn killed(matrix: &mut Matrix) -> Outcome {
    for (injected, answer, in_both) in [
        ("kill -9 before the head", "", false),
        ("kill -9 inside the body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhi", false),
        ("kill -9 between two exchanges", WHOLE, true),
    ] {
        for end in &tables(CLIENT)[..if in_both { 2 } else { 1 }] {
            let (mut peer, tcp) = Peer::connected("http1", &["server", answer]).await?;
            let (got, killed) = tokio::join!(get(tcp, *end, LIMITS), async {
                peer.line().await?;
                peer.kill().await
            });
            killed?;
            matrix.add(case(injected, "client", *end, got?));
        }
    }
    Ok(())
}

/// The end of the client's connection for this answer, and what hyper read.
async fn answered(answer: &[u8], close: Close, end: Endpoint) -> Result<(Disconnect, String), BoxError> {
    let (client, mut server) = pair().await?;
    let answer = async {
        read_head(&mut server).await?;
        match (write_and_close(server, answer, close).await, close) {
            // The client may reset a connection that it drops.
            (Err(error), Close::Fin) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
            (written, _) => written,
        }
    };
    let (got, answer) = tokio::join!(get(client, end, LIMITS), answer);
    answer?;
    got
}

/// Unrequested bytes after the client has read the complete response.
async fn garbage_while_idle(end: Endpoint) -> Result<(Disconnect, String), BoxError> {
    let (client, mut server) = pair().await?;
    let (client, record) = Recorded::new(client);
    let (sender, task) = dial(client).await?;
    let request = Request::get("/").body(full(""))?;
    let fetched = line(end, async |ended| fetch(sender, task, request, end, &ended, LONG, LONG).await);
    let (ended, written) = tokio::join!(fetched, async {
        read_head(&mut server).await?;
        server.write_all(WHOLE.as_bytes()).await?;
        record.read(WHOLE.len()).await;
        server.write_all(b"\x01garbage\r\n\r\n").await
    });
    written?;
    Ok((ended, record.text()))
}
