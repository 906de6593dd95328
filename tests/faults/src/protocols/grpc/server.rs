//! A server of tonic's, on a connection of hyper's.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Disconnect, DisconnectReason};
use futures_util::stream::{self, Stream};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;
use tonic::server::{Grpc, StreamingService};
use tonic::{Request, Response, Status, Streaming};

use super::{CLASSIFIER, Failure, Plain, SERVER};

/// A server that takes one connection and one call.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// What the call sends: events, or a status. Dropped, the call ends in OK.
    pub(super) events: mpsc::UnboundedSender<Result<Bytes, Status>>,
    /// The client has read the first.
    pub(super) heard: Arc<Notify>,
    ended: oneshot::Receiver<Disconnect>,
}

impl Server {
    pub(super) async fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, sent) = mpsc::unbounded_channel();
        events.send(Ok(Bytes::from_static(b"event")))?;
        let (told, ended) = oneshot::channel();
        let (losing, lost) = watch::channel(None);
        let heard = Arc::new(Notify::new());
        let call =
            Follow { sent: Some(sent), told: Some(told), heard: Arc::clone(&heard), noted: Arc::default(), lost };
        tokio::spawn(async move {
            if let Err(error) = connection(listener, Mutex::new(Some(call))).await {
                losing.send_replace(Some(CLASSIFIER.verdict(&error)));
            }
        });
        Ok(Self { address, events, heard, ended })
    }

    /// What the service made of how the call ended.
    pub(super) async fn ended(self) -> Result<Disconnect, Failure> {
        Ok(self.ended.await?)
    }
}

/// Serves one connection, with keep-alive. Whoever comes later is refused.
async fn connection(listener: TcpListener, call: Mutex<Option<Follow>>) -> hyper::Result<()> {
    let Ok((stream, _)) = listener.accept().await else { return Ok(()) };
    drop(listener);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let call = call.lock().ok().and_then(|mut call| call.take());
        async move {
            let Some(call) = call else {
                return Ok::<_, Infallible>(Status::resource_exhausted("one call").into_http());
            };
            let noted = Arc::clone(&call.noted);
            let request = request.map(|body| Watched { body, noted });
            Ok(Grpc::new(Plain).streaming(call, request).await)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    builder.keep_alive_interval(Duration::from_millis(100)).keep_alive_timeout(Duration::from_millis(300));
    builder.serve_connection(TokioIo::new(stream), service).await
}

/// The recipe: tonic gives a service `Ok(None)` for a call that the client cancelled, as for one that it completed. So
/// what ends the body of a request is noted before tonic sees it; a layer around the service is the place.
struct Watched {
    body: Incoming,
    noted: Arc<OnceLock<Verdict>>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let ended = match &polled {
            Poll::Ready(Some(Err(error))) => CLASSIFIER.verdict(error),
            // hyper ends a body also for RST_STREAM NO_ERROR, which completes nothing, and when it gives up the
            // connection after a missed keep-alive: anything that says more counts more.
            Poll::Ready(None) if !self.body.is_end_stream() => {
                Verdict::new(DisconnectReason::Unknown, Side::Remote).with_rank(Rank::FollowOn)
            }
            _ => return polled,
        };
        self.noted.get_or_init(|| ended);
        polled
    }
}

/// The service: sends what it is given, and reads what comes.
struct Follow {
    sent: Option<mpsc::UnboundedReceiver<Result<Bytes, Status>>>,
    told: Option<oneshot::Sender<Disconnect>>,
    heard: Arc<Notify>,
    noted: Arc<OnceLock<Verdict>>,
    lost: watch::Receiver<Option<Verdict>>,
}

impl StreamingService<Bytes> for Follow {
    type Response = Bytes;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let (Some(mut sent), Some(told)) = (self.sent.take(), self.told.take()) else {
            return ready(Err(Status::resource_exhausted("one call")));
        };
        let (heard, noted, lost) = (Arc::clone(&self.heard), Arc::clone(&self.noted), self.lost.clone());
        tokio::spawn(async move { told.send(SERVER.resolve(read(request.into_inner(), &heard, &noted, lost).await)) });
        ready(Ok(Response::new(Box::pin(stream::poll_fn(move |context| sent.poll_recv(context))))))
    }
}

/// Reads what the client sends, to the end.
async fn read(
    mut requests: Streaming<Bytes>,
    heard: &Notify,
    noted: &OnceLock<Verdict>,
    mut lost: watch::Receiver<Option<Verdict>>,
) -> Verdict {
    let call = loop {
        match (requests.message().await, noted.get()) {
            (Ok(Some(_)), _) => heard.notify_one(),
            (Ok(None), None) => return Verdict::closed(Side::Remote),
            (Ok(None), Some(noted)) => break *noted,
            (Err(status), _) => break CLASSIFIER.verdict(&status),
        }
    };
    if call.rank() > Rank::BrokenPipe {
        return call;
    }
    // Where the call merely broke, its connection is about to say why; if it does not, it lives on.
    match timeout(Duration::from_secs(1), lost.wait_for(Option::is_some)).await {
        Ok(Ok(lost)) => lost.map_or(call, |lost| call.or_stronger(lost)),
        Ok(Err(_)) | Err(_) => call,
    }
}
