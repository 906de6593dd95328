//! hyper over HTTP/2: the future of its connection, the body of a response, and handlers that it drops.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{BoxedGuard, Disconnect};
use disconnect_faults::{FaultProxy, Toward};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::server::{Order, Started, start};
use super::{Client, Failure, Link, PROTOCOL, losses};
use crate::line::line;
use crate::loopback::{Inject, pair, pair_through_proxy, tap};
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;
use crate::recipes::goaway::GoAway;
use crate::recipes::h2::connection;
use crate::recipes::hyper_http2::{CLASSIFIER, Handling, body_ended, connection_ended, stream_ended};
use crate::secure::{self, Ending, Relay};

const INTERVAL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(300);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    clients(matrix).await?;
    idle_client(matrix).await?;
    idle_over_tls(matrix).await?;
    keep_alive(matrix).await?;
    servers(matrix).await?;
    servers_without_their_client(matrix).await?;
    dropped_handlers(matrix).await
}

const DATA_ON_STREAM_0: &[u8] = b"\0\0\x04\0\0\0\0\0\0what";

type Requests = client::SendRequest<Empty<Bytes>>;

/// A hyper client with keep-alive.
struct Hyper {
    requests: Requests,
    connection: JoinHandle<hyper::Result<()>>,
    goaway: GoAway,
}

impl Hyper {
    async fn connect<S>(stream: S) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = client::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).keep_alive_interval(INTERVAL).keep_alive_timeout(TIMEOUT);
        let goaway = GoAway::default();
        let (requests, connection) = builder.handshake(TokioIo::new(goaway.of_server(stream))).await?;
        Ok(Self { requests, connection: tokio::spawn(connection), goaway })
    }

    /// Connected to an h2 server. Also returns the proxy between the two.
    async fn served() -> Result<(Self, Started, FaultProxy), Failure> {
        let (near, far, proxy) = pair_through_proxy().await?;
        let server = start(far, Link::CONTROL.server.1);
        Ok((Self::connect(near).await?, server, proxy))
    }

    /// The events of one response.
    async fn open(&mut self) -> Result<Incoming, hyper::Error> {
        let mut events = self.requests.send_request(Request::new(Empty::new())).await?.into_body();
        match events.frame().await {
            Some(Err(error)) => Err(error),
            _ => Ok(events),
        }
    }

    /// Follows the events to their end.
    async fn follow(self, events: Incoming) -> Disconnect {
        let connection = connection(self.connection, &CLASSIFIER);
        let ended = stream_ended(body_ended(events).await, &connection, &self.goaway).await;
        // Kept until here: without a handle, the connection would have ended by itself.
        drop(self.requests);
        Link::CONTROL.client.1.resolve(ended)
    }

    /// Waits without open streams. Only the connection's future reports the end.
    async fn idle(self) -> Disconnect {
        let end = Link::CONTROL.client.1.with_classifier(&CLASSIFIER);
        let served = self.connection.await;
        line(end, async |ended| served.map(|served| connection_ended(served, &self.goaway, end, &ended))).await
    }
}

/// A hyper client and an h2 server, with an open response.
async fn clients(matrix: &mut Matrix) -> Outcome {
    const GONE: &[Order] = &[Order::Leave, Order::Finish];
    for (injected, orders) in [
        ("hyper: GOAWAY INTERNAL_ERROR by the server", &[Order::Abort(h2::Reason::INTERNAL_ERROR)][..]),
        ("hyper: RST_STREAM INTERNAL_ERROR by the server", &[Order::Reset(h2::Reason::INTERNAL_ERROR)]),
        ("hyper: RST_STREAM NO_ERROR amid events", &[Order::Reset(h2::Reason::NO_ERROR)]),
        ("hyper: RST_STREAM CANCEL by the server", &[Order::Reset(h2::Reason::CANCEL)]),
        ("hyper: END_STREAM by the server", &[Order::Finish]),
        ("hyper: GOAWAY NO_ERROR, then END_STREAM by the server", GONE),
    ] {
        let (mut client, server, _proxy) = Hyper::served().await?;
        let events = client.open().await?;
        for order in orders {
            server.order(*order)?;
        }
        matrix.add(Case::new(PROTOCOL, injected, "client", client.follow(events).await));
    }
    let faults: [(&str, Inject); 2] = [
        ("hyper: FIN by the server", |proxy| proxy.half_close(Toward::Client)),
        ("hyper: DATA on stream 0 by the server", |proxy| proxy.inject(Toward::Client, DATA_ON_STREAM_0)),
    ];
    for (injected, inject) in faults {
        let (mut client, _server, proxy) = Hyper::served().await?;
        let events = client.open().await?;
        inject(&proxy)?;
        matrix.add(Case::new(PROTOCOL, injected, "client", client.follow(events).await));
    }
    Ok(())
}

/// Without open streams.
async fn idle_client(matrix: &mut Matrix) -> Outcome {
    let end = Link::CONTROL.client.1.with_classifier(&CLASSIFIER);
    let (mut client, server, _proxy) = Hyper::served().await?;
    server.order(Order::Abort(h2::Reason::ENHANCE_YOUR_CALM))?;
    drop(server.ended().await?);
    let lost = connection(client.connection, &CLASSIFIER);
    let said = lost.await.ok_or("the connection ended well")?;
    // The next request finds a closed connection without a reason.
    let request = client.requests.send_request(Request::new(Empty::new())).await;
    let error = request.err().ok_or("a closed connection answered")?;
    let injected = "hyper: a request after GOAWAY ENHANCE_YOUR_CALM";
    matrix.add(Case::new(PROTOCOL, injected, "client", end.resolve(CLASSIFIER.verdict(&error).or_stronger(said))));

    let (client, server, _proxy) = Hyper::served().await?;
    server.order(Order::Leave)?;
    matrix.add(Case::new(PROTOCOL, "hyper: GOAWAY NO_ERROR while idle", "client", client.idle().await));

    let (client, _server, proxy) = Hyper::served().await?;
    proxy.half_close(Toward::Client)?;
    matrix.add(Case::new(PROTOCOL, "hyper: FIN by the server while idle", "client", client.idle().await));

    let (client, _server, proxy) = Hyper::served().await?;
    proxy.reset(Toward::Client)?;
    matrix.add(Case::new(PROTOCOL, "hyper: RST by the server while idle", "client", client.idle().await));

    let (mut peer, stream) = losses::server_process().await?;
    let client = Hyper::connect(stream).await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "hyper: kill -9 of the server while idle", "client", client.idle().await));
    Ok(())
}

async fn idle_over_tls(matrix: &mut Matrix) -> Outcome {
    let (near, far) = secure::both().await?;
    let server = start(far, Link::CONTROL.server.1);
    let client = Hyper::connect(near).await?;
    server.order(Order::Leave)?;
    matrix.add(Case::new(PROTOCOL, "hyper: GOAWAY NO_ERROR while idle, over TLS", "client", client.idle().await));

    for (ending, injected) in [
        (Ending::CloseNotify, "hyper: close_notify without GOAWAY by the server while idle, over TLS"),
        (Ending::Fin, "hyper: FIN without close_notify by the server while idle, over TLS"),
    ] {
        let (near, far) = secure::both().await?;
        let socket = tap(far.get_ref().0)?;
        let (library, relay) = Relay::start(far, socket).await?;
        let _server = start(library, Link::CONTROL.server.1);
        let client = Hyper::connect(near).await?;
        relay.end(ending)?;
        matrix.add(Case::new(PROTOCOL, injected, "client", client.idle().await));
    }
    Ok(())
}

/// The other side exists but does not answer.
async fn keep_alive(matrix: &mut Matrix) -> Outcome {
    let (peer, stream) = losses::server_process().await?;
    let mut client = Hyper::connect(stream).await?;
    let events = client.open().await?;
    peer.stop().await?;
    let end = client.follow(events).await;
    matrix.add(Case::new(PROTOCOL, "hyper: SIGSTOP of the server, keep-alive", "client", end));
    peer.kill().await?;

    let (mut peer, stream) = Peer::connected("http2", &["client"]).await?;
    let (_shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(stream, token));
    peer.line().await?;
    peer.stop().await?;
    matrix.add(Case::new(PROTOCOL, "hyper: SIGSTOP of the client, keep-alive", "server", serving.await?));
    peer.kill().await?;
    Ok(())
}

/// An h2 client and a hyper server.
async fn servers(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let (shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(far, token));
    let client = Client::connect(near, Link::CONTROL.client.1).await?;
    shutdown.send(()).map_err(|()| "the server is gone")?;
    matrix.add(Case::new(PROTOCOL, "hyper: graceful_shutdown of the server", "client", client.idle().await));
    matrix.add(Case::new(PROTOCOL, "hyper: graceful_shutdown of the server", "server", serving.await?));

    let faults: [(&str, Inject); 3] = [
        ("hyper: DATA on stream 0 by the client", |proxy| proxy.inject(Toward::Server, DATA_ON_STREAM_0)),
        ("hyper: FIN inside a frame of the client", |proxy| {
            proxy.inject(Toward::Server, b"\0\0\x64\0\0\0\0\0\0what")?;
            proxy.half_close(Toward::Server)
        }),
        ("hyper: FIN by the client", |proxy| proxy.half_close(Toward::Server)),
    ];
    for (injected, inject) in faults {
        let (near, far, proxy) = pair_through_proxy().await?;
        let (_shutdown, token) = oneshot::channel();
        let serving = tokio::spawn(serve(far, token));
        let client = Client::connect(near, Link::CONTROL.client.1).await?.start();
        client.first.notified().await;
        inject(&proxy)?;
        matrix.add(Case::new(PROTOCOL, injected, "server", serving.await?));
    }
    Ok(())
}

/// The client vanishes, with and without a goodbye.
async fn servers_without_their_client(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let (_shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(far, token));
    drop(Client::connect(near, Link::CONTROL.client.1).await?.settled().await?);
    matrix.add(Case::new(PROTOCOL, "hyper: GOAWAY NO_ERROR by the client", "server", serving.await?));

    let (near, far, proxy) = pair_through_proxy().await?;
    let (_shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(far, token));
    let client = Client::connect(near, Link::CONTROL.client.1).await?.start();
    client.first.notified().await;
    proxy.reset(Toward::Server)?;
    matrix.add(Case::new(PROTOCOL, "hyper: RST by the client", "server", serving.await?));

    let (mut peer, stream) = Peer::connected("http2", &["client"]).await?;
    let (_shutdown, token) = oneshot::channel();
    let serving = tokio::spawn(serve(stream, token));
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "hyper: kill -9 of the client", "server", serving.await?));
    Ok(())
}

/// Serves one connection with events that do not end.
async fn serve(stream: TcpStream, mut shutdown: oneshot::Receiver<()>) -> Disconnect {
    let end = Link::CONTROL.server.1.with_classifier(&CLASSIFIER);
    let mut builder = server::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(INTERVAL).keep_alive_timeout(TIMEOUT);
    let service = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Events { first: true })) });
    let goaway = GoAway::default();
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(goaway.of_client(stream)), service));
    line(end, async |ended| {
        let served = tokio::select! {
            served = &mut connection => served,
            Ok(()) = &mut shutdown => {
                ended.set(end.shutting_down());
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        Ok::<_, Infallible>(connection_ended(served, &goaway, end, &ended))
    })
    .await
}

/// One event, followed by none for a long time.
struct Events {
    first: bool,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::take(&mut self.first) {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"event")))))
        } else {
            Poll::Pending
        }
    }
}

/// A server whose handlers do not complete, and the lines of their requests.
struct Handlers {
    called: mpsc::UnboundedReceiver<()>,
    ended: mpsc::UnboundedReceiver<Disconnect>,
}

impl Handlers {
    fn serve(stream: TcpStream, panics: bool) -> Self {
        let end = Link::CONTROL.server.1.with_classifier(&CLASSIFIER);
        let ((call, called), (told, ended)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let goaway = GoAway::default();
        let noting = goaway.of_client(stream);
        let (told_why, why) = oneshot::channel();
        let lost = connection(tokio::spawn(async { why.await.unwrap_or(Ok(())) }), &CLASSIFIER);
        let service = service_fn(move |_request: Request<Incoming>| {
            let told = told.clone();
            let guard = BoxedGuard::boxed(end, move |end| drop(told.send(end.clone())));
            let handling = Handling::new(guard, end, lost.clone(), goaway.clone());
            let call = call.clone();
            async move {
                let _held = handling;
                let _ = call.send(());
                if panics {
                    // A panic without the hook that prints.
                    std::panic::resume_unwind(Box::new("injected"));
                }
                std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>().await
            }
        });
        tokio::spawn(async move {
            let served =
                server::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(noting), service).await;
            drop(told_why.send(served));
        });
        Self { called, ended }
    }
}

async fn dropped_handlers(matrix: &mut Matrix) -> Outcome {
    const DROPPED: &str = "by the client, seen by the dropped handler";
    for (code, name) in [(h2::Reason::CANCEL, "CANCEL"), (h2::Reason::INTERNAL_ERROR, "INTERNAL_ERROR")] {
        let (near, far) = pair().await?;
        let mut handlers = Handlers::serve(far, false);
        let (mut requests, connection) = h2::client::handshake(near).await?;
        let _lives = tokio::spawn(connection);
        let (_response, mut request) = requests.send_request(Request::new(()), false)?;
        handlers.called.recv().await.ok_or("no handler was called")?;
        request.send_reset(code);
        let end = handlers.ended.recv().await.ok_or("there was no handler")?;
        let injected = format!("hyper: RST_STREAM {name} {DROPPED}");
        matrix
            .add(Case::new(PROTOCOL, injected, "server", end).observed("the handler is dropped, the connection lives"));
    }
    let faults: [(&str, Inject); 2] =
        [("FIN", |proxy| proxy.half_close(Toward::Server)), ("RST", |proxy| proxy.reset(Toward::Server))];
    for (injected, inject) in faults {
        let (near, far, proxy) = pair_through_proxy().await?;
        let mut handlers = Handlers::serve(far, false);
        let client = Client::connect(near, Link::CONTROL.client.1).await?;
        let _stream = client.start();
        handlers.called.recv().await.ok_or("no handler was called")?;
        inject(&proxy)?;
        let end = handlers.ended.recv().await.ok_or("there was no handler")?;
        matrix.add(Case::new(PROTOCOL, format!("hyper: {injected} {DROPPED}"), "server", end));
    }
    let (near, far) = pair().await?;
    let mut handlers = Handlers::serve(far, true);
    let client = Client::connect(near, Link::CONTROL.client.1).await?;
    let stream = client.start();
    matrix.add(Case::new(PROTOCOL, "hyper: the handler panics", "client", stream.ended().await?));
    let end = handlers.ended.recv().await.ok_or("there was no handler")?;
    matrix.add(Case::new(PROTOCOL, "hyper: the handler panics", "server", end));
    Ok(())
}
