//! HTTP/1.1 with hyper on both sides, or on one side against a peer that writes raw bytes.
//!
//! HTTP/1.1 has a goodbye: `Connection: close` (RFC 9112, section 9.6). hyper reports neither the goodbye nor how a
//! connection without one ended: its future is `Ok(())` after a goodbye, a FIN and an RST. So the services here record
//! the goodbye themselves, and treat `Ok(())` without one as an end of file.

mod client;
mod from_client;
mod from_server;
mod own;
mod server;

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{Classifier, Disconnect, DisconnectEvidence, Endpoint, classifier};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Outcome;
use crate::loopback::reset;
use crate::matrix::{Case, Matrix};
use crate::peers::say;
use crate::recipes::hyper_http1::{Body, BoxError};

static CLASSIFIER: Classifier = classifier![h2 = h2, hyper = hyper, tokio = tokio, UpstreamLost];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

/// The timeout in cases about silence.
const SHORT: Duration = Duration::from_millis(300);
/// The timeout in all other cases, which end long before.
const LONG: Duration = Duration::from_secs(30);

const PROTOCOL: &str = "http1";

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    from_server::run(matrix).await?;
    from_client::run(matrix).await?;
    own::run(matrix).await
}

/// Both tables of a case: without and with a FIN that is declared to be a goodbye.
fn tables(end: Endpoint) -> [Endpoint; 2] {
    [end, end.fin_is_goodbye()]
}

/// A case in the table of this endpoint.
fn case(injected: &str, seen_by: &str, end: Endpoint, (ended, got): (Disconnect, String)) -> Case {
    let case = Case::new(PROTOCOL, injected, seen_by, ended).observed(got);
    if end.eof().expected() { case.fin() } else { case }
}

/// The error of another connection, inside an error of this one. Its cause may be a reset, but not of this connection,
/// so the verdict is a failure of this side.
#[derive(Debug, DisconnectEvidence)]
#[reason(Unknown, side = Local, cause = InternalError)]
struct UpstreamLost(io::Error);

impl std::fmt::Display for UpstreamLost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "lost the upstream: {}", self.0)
    }
}

impl Error for UpstreamLost {}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// A body that starts and then fails.
fn failing(error: impl Into<BoxError>) -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(b"a beginning"))), Err(error.into())];
    StreamBody::new(futures_util::stream::iter(frames)).boxed()
}

/// How a peer with raw bytes closes.
#[derive(Clone, Copy, PartialEq)]
enum Close {
    Fin,
    Rst,
    /// With a FIN after the answer `hello`.
    Answered,
    /// With an RST after the answer.
    AnsweredRst,
    /// With bytes that are no request, after the answer.
    AnsweredGarbage,
}

/// Writes these bytes and closes.
async fn write_and_close(mut stream: TcpStream, bytes: &[u8], close: Close) -> io::Result<()> {
    stream.write_all(bytes).await?;
    match close {
        Close::Fin | Close::Rst => {}
        Close::Answered | Close::AnsweredRst | Close::AnsweredGarbage => read_answer(&mut stream).await?,
    }
    if close == Close::AnsweredGarbage {
        stream.write_all(b"\x01garbage\r\n\r\n").await?;
    }
    match close {
        Close::Fin | Close::Answered | Close::AnsweredGarbage => {
            stream.shutdown().await?;
            // Waits until the other side has closed, so that its bytes do not hit a closed socket.
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Close::Rst | Close::AnsweredRst => reset(stream),
    }
}

/// Reads the answer `hello`.
async fn read_answer(stream: &mut TcpStream) -> io::Result<()> {
    read_head(stream).await?;
    stream.read_exact(&mut [0; b"hello".len()]).await.map(drop)
}

/// Reads a head.
async fn read_head(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(())
}

/// A head with more header fields than hyper accepts.
fn with_many_headers(first: &str) -> Vec<u8> {
    format!("{first}\r\n{}\r\n", "x-many: 1\r\n".repeat(200)).into_bytes()
}

/// Connects, stops in the middle of a message, reports that, and waits to be killed.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    let [role, bytes, address] = arguments else { return Err("needs a role, bytes and an address".into()) };
    let mut stream = TcpStream::connect(address).await?;
    if role == "server" {
        read_head(&mut stream).await?;
    }
    stream.write_all(bytes.as_bytes()).await?;
    if role == "answered client" {
        read_answer(&mut stream).await?;
    }
    say("ready");
    std::future::pending().await
}
