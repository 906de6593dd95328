//! A tonic server on a hyper connection.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use disconnect_core::{BoxedGuard, Disconnect};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tonic::server::{Grpc, StreamingService};
use tonic::{Request, Response, Status, Streaming};

use super::{Failure, Plain, SERVER};
use crate::recipes::goaway::GoAway;
use crate::recipes::h2::{Connection, connection};
use crate::recipes::hyper_http2::Handling;
use crate::recipes::tonic::{BodyEnd, CLASSIFIER, Noted, deadline, requests_ended};
use crate::secure;

type Certified = (CertificateDer<'static>, KeyPair);

#[derive(Clone, Default)]
pub(super) struct Leaving {
    leave: Arc<Notify>,
    said: Arc<Notify>,
}

impl Leaving {
    /// Sends GOAWAY. Everything that is sent later follows it.
    pub(super) async fn begin(&self) {
        self.leave.notify_one();
        self.said.notified().await;
    }
}

/// What the handler of the call does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Handler {
    Follows,
    /// Never answers.
    Stalls,
    Panics,
}

/// A server for one connection and one call.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// What the call sends: events or a status. Dropping it ends the call with OK.
    pub(super) events: mpsc::UnboundedSender<Result<Bytes, Status>>,
    /// Notified when the client has read the first event.
    pub(super) heard: Arc<Notify>,
    /// Lets the server go away after its calls, and reports when it has sent GOAWAY.
    pub(super) leaving: Leaving,
    ended: mpsc::UnboundedReceiver<Disconnect>,
}

impl Server {
    pub(super) async fn start() -> Result<Self, Failure> {
        Self::serve(None, Handler::Follows).await
    }

    pub(super) async fn start_over_tls(certified: Certified) -> Result<Self, Failure> {
        Self::serve(Some(certified), Handler::Follows).await
    }

    pub(super) async fn start_with(handler: Handler) -> Result<Self, Failure> {
        Self::serve(None, handler).await
    }

    async fn serve(certified: Option<Certified>, handler: Handler) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, sent) = mpsc::unbounded_channel();
        events.send(Ok(Bytes::from_static(b"event")))?;
        let (told, ended) = mpsc::unbounded_channel();
        let (told_why, why) = oneshot::channel();
        let (heard, leaving) = (Arc::new(Notify::new()), Leaving::default());
        let call = Follow {
            sent: Some(sent),
            told,
            heard: Arc::clone(&heard),
            body: BodyEnd::default(),
            deadline: None,
            stalls: handler == Handler::Stalls,
            connection: connection(tokio::spawn(async { why.await.unwrap_or(Ok(())) }), &CLASSIFIER),
            goaway: GoAway::default(),
        };
        let leave = leaving.clone();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await?;
            let served = match certified {
                None => serve_connection(stream, call, leave, handler).await,
                Some((certificate, keys)) => {
                    serve_connection(secure::accept(stream, certificate, &keys).await?, call, leave, handler).await
                }
            };
            drop(told_why.send(served));
            Ok::<_, Failure>(())
        });
        Ok(Self { address, events, heard, leaving, ended })
    }

    /// The end of the call that the service logged.
    pub(super) async fn ended(mut self) -> Result<Disconnect, Failure> {
        Ok(self.ended.recv().await.ok_or("the call has no end")?)
    }
}

/// Serves one connection with keep-alive. Refuses further ones.
async fn serve_connection<S>(stream: S, call: Follow, leaving: Leaving, handler: Handler) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = call.goaway.of_client(stream);
    let call = Mutex::new(Some(call));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let call = call.lock().ok().and_then(|mut call| call.take());
        async move {
            let Some(mut call) = call else {
                return Ok::<_, Infallible>(Status::resource_exhausted("one call").into_http());
            };
            if handler == Handler::Panics {
                let told = call.told.clone();
                let guard = BoxedGuard::boxed(SERVER, move |end| drop(told.send(end.clone())));
                let _held = Handling::new(guard, SERVER, call.connection, call.goaway);
                // A panic without the hook that prints.
                std::panic::resume_unwind(Box::new("injected"));
            }
            call.deadline = deadline(request.headers());
            let end = call.body.clone();
            Ok(Grpc::new(Plain).streaming(call, request.map(|body| Noted { body, end })).await)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    builder.keep_alive_interval(Duration::from_millis(100)).keep_alive_timeout(Duration::from_millis(300));
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        served = connection.as_mut() => return served,
        () = leaving.leave.notified() => connection.as_mut().graceful_shutdown(),
    }
    leaving.said.notify_one();
    connection.await
}

/// The service: sends the given events and reads the requests.
struct Follow {
    sent: Option<mpsc::UnboundedReceiver<Result<Bytes, Status>>>,
    told: mpsc::UnboundedSender<Disconnect>,
    heard: Arc<Notify>,
    body: BodyEnd,
    deadline: Option<Instant>,
    stalls: bool,
    connection: Connection,
    goaway: GoAway,
}

impl StreamingService<Bytes> for Follow {
    type Response = Bytes;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let Some(mut sent) = self.sent.take() else {
            return Box::pin(ready(Err(Status::resource_exhausted("one call"))));
        };
        let (told, heard, body) = (self.told.clone(), Arc::clone(&self.heard), self.body.clone());
        let (deadline, connection, goaway) = (self.deadline, self.connection.clone(), self.goaway.clone());
        tokio::spawn(async move {
            let mut requests = request.into_inner();
            if let Ok(Some(_)) = requests.message().await {
                heard.notify_one();
            }
            let ended = requests_ended(&mut requests, &body, deadline, &connection, &goaway).await;
            drop(told.send(SERVER.resolve(ended)));
        });
        if self.stalls {
            return Box::pin(pending());
        }
        let events: Self::ResponseStream = Box::pin(stream::poll_fn(move |context| sent.poll_recv(context)));
        Box::pin(ready(Ok(Response::new(events))))
    }
}
