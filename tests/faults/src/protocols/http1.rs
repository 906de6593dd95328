//! HTTP/1.1 with hyper at both ends, or at one end against a peer that writes its own bytes.
//!
//! HTTP/1.1 has a goodbye: `Connection: close` (RFC 9112, section 9.6). hyper keeps neither that nor how a connection
//! without one ended: its future is `Ok(())` after a goodbye, a FIN and a RST alike. So the two services here note the
//! goodbye themselves, and without it take `Ok(())` for an end of file.

mod client;
mod from_client;
mod from_server;
mod own;
mod server;

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{
    Classifier, DisconnectEvidence, DisconnectInitiator as By, DisconnectReason as Why, Endpoint, classifier,
};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::HeaderMap;
use hyper::body::Frame;
use hyper::header::CONNECTION;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Outcome;
use crate::loopback::reset;
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::say;

static CLASSIFIER: Classifier = classifier![h2 = h2, hyper = hyper, tokio = tokio, UpstreamLost];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

/// How long a peer may be silent, where that is the thing tested.
const SHORT: Duration = Duration::from_millis(300);
/// How long a peer may be silent otherwise: the cases end long before.
const LONG: Duration = Duration::from_secs(30);

const VANISHED: Truth = truth(Why::NetworkError, By::Network);

type BoxError = Box<dyn Error + Send + Sync>;
type Body = BoxBody<Bytes, BoxError>;

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    from_server::run(matrix).await?;
    from_client::run(matrix).await?;
    own::run(matrix).await
}

/// The error of another connection, inside this one. Its cause may be a reset, but not of this one: the verdict is ours.
#[derive(Debug, DisconnectEvidence)]
#[reason(Unknown, side = Local, cause = InternalError)]
struct UpstreamLost(io::Error);

impl std::fmt::Display for UpstreamLost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "lost the upstream: {}", self.0)
    }
}

impl Error for UpstreamLost {}

/// Whether a message is the last one of its connection.
fn says_goodbye(headers: &HeaderMap) -> bool {
    headers.get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// A body that begins and then fails.
fn failing(error: impl Into<BoxError>) -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(b"a beginning"))), Err(error.into())];
    StreamBody::new(futures_util::stream::iter(frames)).boxed()
}

/// How a peer with bytes of its own closes.
#[derive(Clone, Copy)]
enum Close {
    Fin,
    Rst,
    /// A FIN once the answer `hello` is there.
    Answered,
}

/// Writes these bytes and closes.
async fn write_and_close(mut stream: TcpStream, bytes: &[u8], close: Close) -> io::Result<()> {
    stream.write_all(bytes).await?;
    match close {
        Close::Fin | Close::Answered => {
            if let Close::Answered = close {
                read_head(&mut stream).await?;
                stream.read_exact(&mut [0; b"hello".len()]).await?;
            }
            stream.shutdown().await?;
            // Until the other end has closed, so that nothing that it sends meets a closed socket.
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Close::Rst => {
            // What was written is to arrive first.
            stream.flush().await?;
            reset(stream)
        }
    }
}

/// Reads a head.
async fn read_head(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(())
}

/// A head with more header fields than hyper takes.
fn with_many_headers(first: &str) -> Vec<u8> {
    format!("{first}\r\n{}\r\n", "x-many: 1\r\n".repeat(200)).into_bytes()
}

/// Connects, gets into the middle of a message, says so, and stays there.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    let [role, bytes, address] = arguments else { return Err("needs a role, bytes and an address".into()) };
    let mut stream = TcpStream::connect(address).await?;
    if role == "server" {
        read_head(&mut stream).await?;
    }
    stream.write_all(bytes.as_bytes()).await?;
    say("ready");
    std::future::pending().await
}
