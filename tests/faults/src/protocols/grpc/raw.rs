//! A server by hand, which breaks what tonic's would not.

use std::net::SocketAddr;

use bytes::Bytes;
use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why};
use h2::{Reason, SendStream};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::client::{Call, Connected, channel};
use super::{CLIENT, Failure, PROTOCOL};
use crate::loopback::{reset, tap};
use crate::matrix::{Matrix, Truth, truth};
use crate::protocols::Outcome;

/// What the server does after the first event.
#[derive(Clone, Copy)]
enum Then {
    /// These bytes of the body, then its end, without a status.
    End(&'static [u8]),
    Reset(Reason),
    GoAway(Reason),
    /// These bytes below the library.
    Frames(&'static [u8]),
    /// RST.
    Cut,
}

const BROKEN: Truth = truth(Why::ProtocolError, By::Server);
const FAILED: Truth = truth(Why::Unknown, By::Server);

const FAULTS: &[(&str, Then, Truth)] = &[
    ("no status at the end", Then::End(b""), BROKEN),
    ("a message cut short by END_STREAM", Then::End(b"\0\0\0\0\x64what"), BROKEN),
    ("a message with an impossible flag", Then::End(b"\x07\0\0\0\x04what"), BROKEN),
    ("RST_STREAM INTERNAL_ERROR", Then::Reset(Reason::INTERNAL_ERROR), FAILED),
    ("RST_STREAM REFUSED_STREAM", Then::Reset(Reason::REFUSED_STREAM), FAILED),
    ("RST_STREAM CANCEL", Then::Reset(Reason::CANCEL), FAILED),
    ("RST_STREAM ENHANCE_YOUR_CALM", Then::Reset(Reason::ENHANCE_YOUR_CALM), FAILED),
    ("RST", Then::Cut, truth(Why::NetworkError, By::Network)),
    ("DATA on stream 0", Then::Frames(b"\0\0\x04\0\0\0\0\0\0what"), BROKEN),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, then, truth) in FAULTS {
        let call = Call::start(channel(serve(*then).await?).await?).await?;
        matrix.decidable(PROTOCOL, format!("{injected} by the server"), "client", *truth, call.follow().await);
    }
    too_large(matrix).await?;
    go_away(matrix).await?;
    gateways(matrix).await
}

/// More than the 4 MiB that a client takes.
async fn too_large(matrix: &mut Matrix) -> Outcome {
    let call = Call::start(channel(serve(Then::End(b"\0\x7f\xff\xff\xff")).await?).await?).await?;
    let why = "tonic's own finding looks like a status of the server's, which says the same words of our messages";
    let injected = "a message above the limit by the server";
    matrix.undecidable(PROTOCOL, injected, "client", BROKEN, call.follow().await, why);
    Ok(())
}

/// The stream only breaks: the code is for the connection's future.
async fn go_away(matrix: &mut Matrix) -> Outcome {
    let then = Then::GoAway(Reason::INTERNAL_ERROR);
    let connected = Connected::connect(serve(then).await?).await?;
    let call = connected.start().await?;
    let end = connected.follow(call).await;
    matrix.decidable(PROTOCOL, "GOAWAY INTERNAL_ERROR by the server", "client", FAILED, end);

    let call = Call::start(channel(serve(then).await?).await?).await?;
    let injected = "GOAWAY INTERNAL_ERROR by the server, over a channel";
    let why = "tonic's channel keeps the connection's future, and the code of a GOAWAY with it, to itself";
    matrix.undecidable(PROTOCOL, injected, "client", FAILED, call.follow().await, why);
    Ok(())
}

/// Who answers is no gRPC server at all.
async fn gateways(matrix: &mut Matrix) -> Outcome {
    for (status, truth) in [
        (StatusCode::BAD_GATEWAY, truth(Why::NetworkError, By::Network)),
        (StatusCode::UNAUTHORIZED, FAILED),
        (StatusCode::NOT_FOUND, BROKEN),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(answer(listener, status));
        let status_of_call = Call::start(channel(address).await?).await.err().ok_or("the gateway served the call")?;
        let end: Disconnect = CLIENT.failed(&status_of_call);
        matrix.decidable(PROTOCOL, format!("HTTP {status} by a gateway"), "client", truth, end);
    }
    Ok(())
}

/// Serves one call, up to its fault.
async fn serve(then: Then) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { call(listener.accept().await?.0, then).await });
    Ok(address)
}

async fn call(stream: TcpStream, then: Then) -> Outcome {
    let mut tap = tap(&stream)?;
    let mut connection = h2::server::handshake(stream).await?;
    let (request, mut respond) = connection.accept().await.ok_or("no call")??;
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut events = respond.send_response(head, false)?;
    events.send_data(Bytes::from_static(b"\0\0\0\0\x05event"), false)?;
    // The client says that it has read the event.
    let mut requests = request.into_body();
    tokio::select! {
        following = requests.data() => drop(following.ok_or("nothing said")??),
        _ = connection.accept() => return Err("the client has left".into()),
    }
    match then {
        Then::Frames(frames) => tap.write_all(frames).await?,
        Then::GoAway(code) => connection.abrupt_shutdown(code),
        Then::End(_) | Then::Reset(_) => end(&mut events, then)?,
        Then::Cut => {
            drop((requests, respond, events, connection));
            return Ok(reset(tap)?);
        }
    }
    drop(tap);
    while let Some(Ok(_)) = connection.accept().await {}
    drop(requests);
    Ok(())
}

fn end(events: &mut SendStream<Bytes>, then: Then) -> Outcome {
    match then {
        Then::End(b"") => events.send_trailers(HeaderMap::new())?,
        Then::End(bytes) => events.send_data(Bytes::from_static(bytes), true)?,
        Then::Reset(code) => events.send_reset(code),
        Then::GoAway(_) | Then::Frames(_) | Then::Cut => {}
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
