//! tonic: the connection of a server, the calls that it serves, and a call of a client.

mod bytes_codec;
mod client;

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use disconnect_core::{BoxedGuard, Classifier, Disconnect, Endpoint, classifier};
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use self::bytes_codec::Plain;
use self::client::Caller;
pub(crate) use self::client::ClientCall;
use crate::case::{Carrying, Fault, Site, Stack};
use crate::recipes::BoxError;
use crate::recipes::tonic::{Connection, accepted, of_call};

static CLASSIFIER: Classifier = classifier![tonic = tonic, hyper = hyper, h2 = h2, tokio = tokio];

const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

/// The connection of a server. Its calls have their own lines.
pub(crate) struct ServerConnection;

impl Stack for ServerConnection {
    const NAME: &'static str = "tonic server, its connection";
    const END: Endpoint = SERVER;
    type Peer = Caller;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        serve(tcp, site.guard(), site, Judged::Connection).await
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Caller, BoxError> {
        Caller::after_a_call(tcp).await
    }
}

/// A call that a server serves in its own task, with streams in both directions.
pub(crate) struct StreamingCall;

impl Stack for StreamingCall {
    const NAME: &'static str = "tonic server, a streaming call";
    const END: Endpoint = SERVER;
    const FAULTS: &'static [Fault] = &[
        Fault::Goodbye,
        Fault::Fin,
        Fault::Reset,
        Fault::Kill,
        Fault::Silence,
        Fault::Corruption,
        Fault::Truncation,
        Fault::Shutdown,
        Fault::Cancel,
        Fault::Deadline,
    ];
    type Peer = Caller;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        serve(tcp, unjudged(&site), site, Judged::StreamingCall).await
    }

    async fn peer(tcp: TcpStream, fault: Fault) -> Result<Caller, BoxError> {
        Caller::in_a_call(tcp, fault).await
    }
}

/// A call that a server serves in its handler, which tonic may drop.
pub(crate) struct HandledCall;

impl Stack for HandledCall {
    const NAME: &'static str = "tonic server, a call in its handler";
    const END: Endpoint = SERVER;
    const FAULTS: &'static [Fault] = StreamingCall::FAULTS;
    type Peer = Caller;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        serve(tcp, unjudged(&site), site, Judged::HandledCall).await
    }

    async fn peer(tcp: TcpStream, fault: Fault) -> Result<Caller, BoxError> {
        Caller::in_a_call(tcp, fault).await
    }
}

/// The line that is checked.
#[derive(Clone, Copy, PartialEq)]
enum Judged {
    Connection,
    StreamingCall,
    HandledCall,
}

/// A guard of the connection, for cases that check the call.
fn unjudged(site: &Site) -> BoxedGuard {
    BoxedGuard::boxed(site.end, |_| ()).under(&site.shutdown)
}

async fn serve(tcp: TcpStream, guard: BoxedGuard, site: Site, judged: Judged) -> Result<(), BoxError> {
    if site.is_watched {
        let keepalive = site.patience;
        serve_connection(accepted(tcp, guard, keepalive), site, judged).await
    } else {
        let ended = guard.handle();
        let stream = Carrying { stream: tcp, _guard: guard };
        serve_connection(Connection { stream, ended }, site, judged).await
    }
}

async fn serve_connection<S>(connection: Connection<S>, site: Site, judged: Judged) -> Result<(), BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (patience, leaving) = (site.patience, site.leaving());
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let site = site.clone();
        async move {
            let mut grpc = Grpc::new(Plain);
            let answered = match judged {
                Judged::Connection | Judged::StreamingCall => {
                    let call = tower::service_fn(|request| ready(Ok(streaming(request, &site, judged))));
                    grpc.streaming(call, request).await
                }
                Judged::HandledCall => {
                    let call = tower::service_fn(|request| handled(request, site.clone()));
                    grpc.client_streaming(call, request).await
                }
            };
            Ok::<_, Infallible>(answered)
        }
    });
    let incoming = stream::iter([Ok::<_, Infallible>(connection)]).chain(stream::pending());
    let server = Server::builder().http2_keepalive_interval(Some(patience)).http2_keepalive_timeout(Some(patience));
    Ok(server.serve_with_incoming_shutdown(service, incoming, leaving).await?)
}

/// The guard of a call, under that of its connection.
fn guard_of_call(request: &Request<Streaming<Bytes>>, site: &Site, is_judged: bool) -> BoxedGuard {
    let guard = if is_judged { site.guard() } else { unjudged(site) };
    if site.is_watched { of_call(request, guard) } else { guard }
}

/// Answers with events from a task.
fn streaming(
    request: Request<Streaming<Bytes>>,
    site: &Site,
    judged: Judged,
) -> Response<UnboundedReceiverStream<Result<Bytes, Status>>> {
    let site = site.clone();
    let guard = guard_of_call(&request, &site, judged == Judged::StreamingCall);
    let (events, sent) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let followed = guard.run(|_| follow(request, site)).await;
        drop(events.send(followed.map(|_| Bytes::new())));
    });
    Response::new(UnboundedReceiverStream::new(sent))
}

/// Answers once.
async fn handled(request: Request<Streaming<Bytes>>, site: Site) -> Result<Response<Bytes>, Status> {
    let guard = guard_of_call(&request, &site, true);
    guard.run(|_| follow(request, site)).await?;
    Ok(Response::new(Bytes::new()))
}

/// The usual loop of a call.
async fn follow(request: Request<Streaming<Bytes>>, site: Site) -> Result<Disconnect, Status> {
    let mut messages = request.into_inner();
    site.got();
    loop {
        let message = tokio::select! {
            message = messages.message() => message?,
            () = site.leaving() => return Ok(site.end.shutting_down()),
        };
        match message {
            Some(_) => site.got(),
            None => return Ok(site.end.closed_by_peer()),
        }
    }
}
