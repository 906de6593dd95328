//! Upgrades that fail: there is no connection and no line, and the error is not a normal end.
#![allow(clippy::result_large_err, reason = "tungstenite wants a whole response")]

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::handshake::server::ErrorResponse;

use super::{Link, PROTOCOL, Session};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::tungstenite::accept;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    let ((client_name, client_end), (server_name, server_end)) = (Link::CONTROL.dialer, Link::CONTROL.listener);
    for (injected, bytes) in [
        ("a request without an upgrade", &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..]),
        ("an upgrade that is not HTTP", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"),
        ("half an upgrade, then FIN", b"GET / HTTP/1.1\r\nHost: loc"),
    ] {
        let (mut client, server) = pair().await?;
        client.write_all(bytes).await?;
        client.shutdown().await?;
        let end = match accept(server, server_end, |_, answer| Ok(answer)).await {
            Ok(socket) => Session::new(socket, server_end).serve().await,
            Err(end) => end,
        };
        matrix.add(Case::new(PROTOCOL, injected, server_name, end));
    }
    for status in
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE]
    {
        let (client, server) = pair().await?;
        let refuse = |_: &_, _| {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = status;
            Err(refusal)
        };
        let (server, client) =
            tokio::join!(accept(server, server_end, refuse), client_async("ws://localhost/", client));
        let (Err(server), Err(client)) = (server, client) else { return Err("the upgrade was not refused".into()) };
        let injected = format!("the upgrade is refused with {}", status.as_u16());
        matrix.add(Case::new(PROTOCOL, &injected, client_name, client_end.failed(&client)));
        matrix.add(Case::new(PROTOCOL, injected, server_name, server));
    }
    let (client, server) = pair().await?;
    let (client, answered) = tokio::join!(client_async("ws://localhost/", client), wrong_key(server));
    answered?;
    let error = client.err().ok_or("a wrong key was taken")?;
    let injected = "the upgrade is answered with a wrong key";
    matrix.add(Case::new(PROTOCOL, injected, client_name, client_end.failed(&error)));
    Ok(())
}

async fn wrong_key(mut server: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(server.read_u8().await?);
    }
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    server.write_all(answer).await
}
