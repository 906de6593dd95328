//! A hand-written server, for violations that tonic's server does not commit.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::{Reason, SendStream};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::client::Connected;
use super::{CLIENT, Failure, PROTOCOL};
use crate::loopback::{reset, tap};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

/// What the server does after the first event.
#[derive(Clone, Copy)]
pub(super) enum Then {
    Nothing,
    /// Sends these bytes of the body.
    Begin(&'static [u8]),
    /// Sends these bytes, then the end of the body without a status.
    End(&'static [u8]),
    Reset(Reason),
    GoAway(Reason),
    /// Writes these bytes below the library.
    Frames(&'static [u8]),
    /// Sends an RST.
    Cut,
    Fin,
}

#[rustfmt::skip] // one row per line
const FAULTS: &[(&str, Then)] = &[
    ("no status at the end", Then::End(b"")),
    ("a message cut short by END_STREAM", Then::End(b"\0\0\0\0\x64what")),
    ("a message with an impossible flag", Then::End(b"\x07\0\0\0\x04what")),
    // More than the 4 MiB that a client accepts.
    ("a message above the limit", Then::Begin(b"\0\x7f\xff\xff\xff")),
    ("RST_STREAM INTERNAL_ERROR", Then::Reset(Reason::INTERNAL_ERROR)),
    ("RST_STREAM REFUSED_STREAM", Then::Reset(Reason::REFUSED_STREAM)),
    ("RST_STREAM CANCEL", Then::Reset(Reason::CANCEL)),
    ("RST_STREAM ENHANCE_YOUR_CALM", Then::Reset(Reason::ENHANCE_YOUR_CALM)),
    ("RST_STREAM NO_ERROR", Then::Reset(Reason::NO_ERROR)),
    ("RST", Then::Cut),
    ("FIN", Then::Fin),
    ("DATA on stream 0", Then::Frames(b"\0\0\x04\0\0\0\0\0\0what")),
    ("GOAWAY INTERNAL_ERROR", Then::GoAway(Reason::INTERNAL_ERROR)),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, then) in FAULTS {
        let call = Connected::to(serve(*then).await?).await?.call().await?;
        let injected = format!("{injected} by the server");
        matrix.add(Case::new(PROTOCOL, injected, "client", call.follow().await));
    }
    gateways(matrix).await
}

/// Servers that do not speak gRPC.
async fn gateways(matrix: &mut Matrix) -> Outcome {
    for status in
        [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(answer(listener, status));
        let refused = Connected::to(address).await?.call().await.err().ok_or("the gateway served the call")?;
        let end = CLIENT.failed(&refused);
        matrix.add(Case::new(PROTOCOL, format!("HTTP {status} by a gateway"), "client", end));
    }
    Ok(())
}

/// Serves one call, up to its fault.
async fn serve(then: Then) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let socket = tap(&stream)?;
        call(stream, socket, then).await
    });
    Ok(address)
}

/// The same over any stream. `socket` is the socket below.
pub(super) async fn call<S>(stream: S, mut socket: TcpStream, then: Then) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = h2::server::handshake(stream).await?;
    let (request, mut respond) = connection.accept().await.ok_or("no call")??;
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut events = respond.send_response(head, false)?;
    events.send_data(Bytes::from_static(b"\0\0\0\0\x05event"), false)?;
    // The client reports that it has read the event.
    let mut requests = request.into_body();
    tokio::select! {
        following = requests.data() => drop(following.ok_or("nothing said")??),
        _ = connection.accept() => return Err("the client has left".into()),
    }
    match then {
        Then::Frames(frames) => socket.write_all(frames).await?,
        Then::GoAway(code) => connection.abrupt_shutdown(code),
        Then::Fin => socket.shutdown().await?,
        Then::Begin(_) | Then::End(_) | Then::Reset(_) | Then::Nothing => end(&mut events, then)?,
        Then::Cut => {
            drop((requests, respond, events, connection));
            return Ok(reset(socket)?);
        }
    }
    drop(socket);
    while let Some(Ok(_)) = connection.accept().await {}
    drop(requests);
    Ok(())
}

fn end(events: &mut SendStream<Bytes>, then: Then) -> Outcome {
    match then {
        Then::End(b"") => events.send_trailers(HeaderMap::new())?,
        Then::End(bytes) => events.send_data(Bytes::from_static(bytes), true)?,
        Then::Reset(code) => events.send_reset(code),
        Then::Begin(bytes) => events.send_data(Bytes::from_static(bytes), false)?,
        Then::GoAway(_) | Then::Frames(_) | Then::Cut | Then::Fin | Then::Nothing => {}
    }
    Ok(())
}

/// Answers one request with this status and nothing else.
async fn answer(listener: TcpListener, status: StatusCode) -> Outcome {
    let mut connection = h2::server::handshake(listener.accept().await?.0).await?;
    while let Some(request) = connection.accept().await {
        let mut head = Response::new(());
        *head.status_mut() = status;
        request?.1.send_response(head, true)?;
    }
    Ok(())
}
