//! A client that follows a stream of events.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectReason};
use futures_util::stream;
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tonic::client::{Grpc, GrpcService};
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

use super::{CLASSIFIER, CLIENT, Failure, Plain, method};
use crate::protocols::http2::{Connection, or_connection};

/// A call, over whatever carries it.
pub(super) struct Call {
    events: Streaming<Bytes>,
    /// What this side still sends: dropped, it has said all.
    pub(super) requests: mpsc::UnboundedSender<Bytes>,
}

/// A channel as most programs have it.
pub(super) async fn channel(server: SocketAddr) -> Result<Channel, Failure> {
    Ok(Channel::builder(format!("http://{server}").parse()?).connect().await?)
}

/// A channel that asks whether the server is still there.
pub(super) async fn watchful_channel(server: SocketAddr) -> Result<Channel, Failure> {
    let endpoint = Channel::builder(format!("http://{server}").parse()?)
        .http2_keep_alive_interval(Duration::from_millis(100))
        .keep_alive_timeout(Duration::from_millis(300));
    Ok(endpoint.connect().await?)
}

impl Call {
    /// Calls over a channel, and waits for the first event.
    pub(super) async fn start(channel: Channel) -> Result<Self, Status> {
        Self::open(Grpc::new(channel), Request::new(())).await
    }

    /// The same, with what the request says about time.
    pub(super) async fn open<T>(mut client: Grpc<T>, request: Request<()>) -> Result<Self, Status>
    where
        T: GrpcService<tonic::body::Body, ResponseBody: Send + 'static>,
        <T::ResponseBody as hyper::body::Body>::Error: Into<Failure>,
    {
        let (requests, mut sent) = mpsc::unbounded_channel();
        let request = request.map(|()| stream::poll_fn(move |context| sent.poll_recv(context)));
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let mut events = client.streaming(request, method(), Plain).await?.into_inner();
        events.message().await?;
        // The server waits for this where it matters that the first event has been read.
        let _ = requests.send(Bytes::from_static(b"following"));
        Ok(Self { events, requests })
    }

    /// Follows the events to their end.
    pub(super) async fn follow(self) -> Disconnect {
        CLIENT.resolve(self.verdict().await)
    }

    async fn verdict(mut self) -> Verdict {
        loop {
            match self.events.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return self.status().await,
                Err(status) => return CLASSIFIER.verdict(&status),
            }
        }
    }
}

impl Call {
    /// The recipe: some versions of tonic take an end without a status for OK, so OK has to be in the trailers.
    async fn status(&mut self) -> Verdict {
        match self.events.trailers().await {
            Ok(Some(trailers)) if trailers.contains_key("grpc-status") => Code::grpc(0).received(),
            Ok(_) => Verdict::new(DisconnectReason::ProtocolError, Side::Remote),
            Err(status) => CLASSIFIER.verdict(&status),
        }
    }
}

/// The recipe where the reason of a lost connection matters: a channel keeps the connection's future to itself, so here
/// the connection is made by hand, and tonic gets no more than a way to send requests.
pub(super) struct Connected {
    requests: SendRequest<tonic::body::Body>,
    connection: Connection,
}

impl Connected {
    pub(super) async fn connect(server: SocketAddr) -> Result<Self, Failure> {
        let stream = TokioIo::new(TcpStream::connect(server).await?);
        let (requests, connection) = handshake(TokioExecutor::new(), stream).await?;
        Ok(Self { requests, connection: tokio::spawn(connection) })
    }

    pub(super) async fn start(&self) -> Result<Call, Failure> {
        let origin = http::Uri::from_static("http://localhost");
        Ok(Call::open(Grpc::with_origin(Requests(self.requests.clone()), origin), Request::new(())).await?)
    }

    /// The strongest of what the call and the connection say.
    pub(super) async fn follow(self, call: Call) -> Disconnect {
        CLIENT.resolve(or_connection(call.verdict().await, self.connection).await)
    }
}

/// One connection as a service.
struct Requests(SendRequest<tonic::body::Body>);

impl GrpcService<tonic::body::Body> for Requests {
    type ResponseBody = Incoming;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Incoming>, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
