//! hyper over HTTP/2: its connection's future beside the body of a response.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;

use super::server::{Order, Started};
use super::{CLASSIFIER, Client, Failure, Link, PROTOCOL, Server, losses};
use crate::line::line;
use crate::loopback::{pair, tap};
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::Peer;
use crate::protocols::Outcome;

const LOST: Truth = truth(Why::NetworkError, By::Network);
const INTERVAL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(300);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    clients(matrix).await?;
    idle_client(matrix).await?;
    keep_alive(matrix).await?;
    servers(matrix).await
}

type Requests = client::SendRequest<Empty<Bytes>>;
pub(in crate::protocols) type Connection = JoinHandle<hyper::Result<()>>;

/// A client of hyper's, with keep-alive.
async fn connect(stream: TcpStream) -> Result<(Requests, Connection), Failure> {
    let mut builder = client::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(INTERVAL).keep_alive_timeout(TIMEOUT);
    let (requests, connection) = builder.handshake(TokioIo::new(stream)).await?;
    Ok((requests, tokio::spawn(connection)))
}

/// The events of one response.
async fn open(requests: &mut Requests) -> Result<Incoming, hyper::Error> {
    let mut events = requests.send_request(Request::new(Empty::new())).await?.into_body();
    match events.frame().await {
        Some(Err(error)) => Err(error),
        _ => Ok(events),
    }
}

/// Follows the events to their end.
async fn follow(mut events: Incoming, requests: Requests, connection: Connection, end: Endpoint) -> Disconnect {
    let stream = loop {
        match events.frame().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break CLASSIFIER.verdict(&error),
            // hyper ends a body also for RST_STREAM NO_ERROR, which completes nothing, and when it gives up the
            // connection: anything that says more counts more.
            None if !events.is_end_stream() => {
                break Verdict::new(Why::Unknown, Side::Remote).with_rank(Rank::FollowOn);
            }
            None => break Verdict::closed(Side::Remote),
        }
    };
    let strongest = or_connection(stream, connection).await;
    // Without a handle the connection would have ended by itself, and said nothing.
    drop(requests);
    end.resolve(strongest)
}

/// The recipe: the body knows of its stream, the connection's future of what took the stream along, such as the code of a
/// `GOAWAY` or a missed keep-alive. Where a stream merely broke, the connection is about to say why; if it does not, it
/// lives on.
pub(in crate::protocols) async fn or_connection(stream: Verdict, connection: Connection) -> Verdict {
    if stream.rank() > Rank::BrokenPipe {
        return stream;
    }
    match timeout(Duration::from_secs(1), connection).await {
        Ok(ended) => said(ended).map_or(stream, |connection| stream.or_stronger(connection)),
        Err(_lives) => stream,
    }
}

/// What the connection's future says. `Ok` is no proof of a goodbye.
fn said(connection: Result<hyper::Result<()>, JoinError>) -> Option<Verdict> {
    match connection {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(CLASSIFIER.verdict(&error)),
        Err(error) => Some(CLASSIFIER.verdict(&error)),
    }
}

/// hyper's client, h2's server, a response in flight.
async fn clients(matrix: &mut Matrix) -> Outcome {
    let end = Link::CONTROL.client.1;
    let failed = truth(Why::Unknown, By::Server);
    for (injected, order, truth) in [
        ("hyper: GOAWAY INTERNAL_ERROR by the server", Order::Abort(h2::Reason::INTERNAL_ERROR), failed),
        ("hyper: RST_STREAM INTERNAL_ERROR by the server", Order::Reset(h2::Reason::INTERNAL_ERROR), failed),
        ("hyper: RST_STREAM NO_ERROR amid events", Order::Reset(h2::Reason::NO_ERROR), failed),
        ("hyper: END_STREAM by the server", Order::Finish, truth(Why::Graceful, By::Server)),
    ] {
        let (mut requests, connection, server, _tap) = served().await?;
        let events = open(&mut requests).await?;
        server.order(order)?;
        matrix.decidable(PROTOCOL, injected, "client", truth, follow(events, requests, connection, end).await);
    }
    for (injected, bytes, truth) in [
        ("hyper: FIN by the server", &b""[..], LOST),
        ("hyper: DATA on stream 0 by the server", b"\0\0\x04\0\0\0\0\0\0what", truth(Why::ProtocolError, By::Server)),
    ] {
        let (mut requests, connection, _server, mut tap) = served().await?;
        let events = open(&mut requests).await?;
        tap.write_all(bytes).await?;
        tap.shutdown().await?;
        matrix.decidable(PROTOCOL, injected, "client", truth, follow(events, requests, connection, end).await);
    }
    Ok(())
}

/// hyper's client on a connection to h2's server, and a hand on the server's socket.
async fn served() -> Result<(Requests, Connection, Started, TcpStream), Failure> {
    let (near, far) = pair().await?;
    let tap = tap(&far)?;
    let server = Server::start(far, Link::CONTROL.server.1);
    let (requests, connection) = connect(near).await?;
    Ok((requests, connection, server, tap))
}

/// Nothing in flight: the connection's future is all there is.
async fn idle_client(matrix: &mut Matrix) -> Outcome {
    let end = Link::CONTROL.client.1;
    let (mut requests, connection, server, tap) = served().await?;
    drop(tap);
    server.order(Order::Abort(h2::Reason::ENHANCE_YOUR_CALM))?;
    drop(server.ended().await?);
    let ended = said(connection.await).ok_or("the connection ended well")?;
    // The next request finds a connection that is closed, and cannot say why.
    let error = open(&mut requests).await.err().ok_or("a closed connection answered")?;
    let failed = truth(Why::Unknown, By::Server);
    let ended = end.resolve(CLASSIFIER.verdict(&error).or_stronger(ended));
    matrix.decidable(PROTOCOL, "hyper: a request after GOAWAY ENHANCE_YOUR_CALM", "client", failed, ended);

    let (requests, connection, server, tap) = served().await?;
    drop(tap);
    server.order(Order::Leave)?;
    let ended = said(connection.await).map_or(end.eof(), |verdict| end.resolve(verdict));
    let (injected, leaving) = ("hyper: GOAWAY NO_ERROR while idle", truth(Why::ServerShutdown, By::Server));
    let why = "hyper's connection ends in Ok after GOAWAY NO_ERROR as after a bare FIN; h2's ready() tells";
    matrix.undecidable(PROTOCOL, injected, "client", leaving, ended, why);
    drop(requests);
    Ok(())
}

/// The other side is there, and answers nothing.
async fn keep_alive(matrix: &mut Matrix) -> Outcome {
    let (peer, stream) = losses::server_process().await?;
    let (mut requests, connection) = connect(stream).await?;
    let events = open(&mut requests).await?;
    peer.stop().await?;
    let end = follow(events, requests, connection, Link::CONTROL.client.1).await;
    matrix.decidable(PROTOCOL, "hyper: SIGSTOP of the server, keep-alive", "client", LOST, end);
    peer.kill().await?;

    let (mut peer, stream) = Peer::connected("http2", &["client"]).await?;
    let (_shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(stream, token));
    peer.line().await?;
    peer.stop().await?;
    matrix.decidable(PROTOCOL, "hyper: SIGSTOP of the client, keep-alive", "server", LOST, serving.await?);
    peer.kill().await?;
    Ok(())
}

/// h2's client, hyper's server.
async fn servers(matrix: &mut Matrix) -> Outcome {
    let leaving = truth(Why::ServerShutdown, By::Server);
    let (near, far) = pair().await?;
    let (shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(far, token));
    let client = Client::connect(near, Link::CONTROL.client.1).await?;
    shutdown.send(()).map_err(|()| "the server is gone")?;
    matrix.decidable(PROTOCOL, "hyper: graceful_shutdown of the server", "client", leaving, client.idle().await);
    matrix.decidable(PROTOCOL, "hyper: graceful_shutdown of the server", "server", leaving, serving.await?);

    for (injected, bytes, truth) in [
        ("hyper: DATA on stream 0 by the client", b"\0\0\x04\0\0\0\0\0\0what", truth(Why::ProtocolError, By::Client)),
        ("hyper: FIN inside a frame of the client", b"\0\0\x64\0\0\0\0\0\0what", LOST),
    ] {
        let (near, far) = pair().await?;
        let mut tap = tap(&near)?;
        let (_shutdown, token) = oneshot::channel();
        let serving = tokio::spawn(serve(far, token));
        let client = Client::connect(near, Link::CONTROL.client.1).await?.start();
        client.first.notified().await;
        tap.write_all(bytes).await?;
        tap.shutdown().await?;
        matrix.decidable(PROTOCOL, injected, "server", truth, serving.await?);
    }
    Ok(())
}

/// Serves one connection, with events that do not end.
async fn serve(stream: TcpStream, mut shutdown: oneshot::Receiver<()>) -> Disconnect {
    let end = Link::CONTROL.server.1;
    let mut builder = server::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(INTERVAL).keep_alive_timeout(TIMEOUT);
    let service = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Events { first: true })) });
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    line(end, async |ended| -> hyper::Result<_> {
        tokio::select! {
            served = &mut connection => served?,
            Ok(()) = &mut shutdown => {
                ended.set(end.shutting_down());
                connection.as_mut().graceful_shutdown();
                connection.await?;
            }
        }
        // `Ok` also after a goodbye: no proof of one.
        Ok(end.eof())
    })
    .await
}

/// One event, and then none for a long time.
struct Events {
    first: bool,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::take(&mut self.first) {
            std::task::Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"event")))))
        } else {
            std::task::Poll::Pending
        }
    }
}
