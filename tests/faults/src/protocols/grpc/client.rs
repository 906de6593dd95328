//! A client that follows a stream of events.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::Disconnect;
use futures_util::stream;
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tower::util::MapResponse;

use super::{CLIENT, Failure, Plain, method};
use crate::recipes::goaway::GoAway;
use crate::recipes::tonic::{BodyEnd, call_ended, noted};
use crate::secure;

/// A channel with one connection, and its records.
#[derive(Clone)]
pub(super) struct Connected {
    channel: Channel,
    goaway: GoAway,
}

impl Connected {
    pub(super) async fn to(server: SocketAddr) -> Result<Self, Failure> {
        Self::over(TcpStream::connect(server).await?, Endpoint::from_static("http://localhost")).await
    }

    /// Connects with keep-alive pings.
    pub(super) async fn watchfully_to(server: SocketAddr) -> Result<Self, Failure> {
        let endpoint = Endpoint::from_static("http://localhost")
            .http2_keep_alive_interval(Duration::from_millis(100))
            .keep_alive_timeout(Duration::from_millis(300));
        Self::over(TcpStream::connect(server).await?, endpoint).await
    }

    pub(super) async fn securely_to(server: SocketAddr, trusted: CertificateDer<'static>) -> Result<Self, Failure> {
        let stream = secure::connect(TcpStream::connect(server).await?, trusted).await?;
        Self::over(stream, Endpoint::from_static("http://localhost")).await
    }

    pub(super) async fn over<S>(stream: S, endpoint: Endpoint) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let goaway = GoAway::default();
        let stream = Arc::new(Mutex::new(Some(goaway.of_server(stream))));
        // There is one connection. A second one fails.
        let connector = tower::service_fn(move |_| {
            let stream = stream.lock().ok().and_then(|mut stream| stream.take());
            async move { stream.map(TokioIo::new).ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionRefused)) }
        });
        Ok(Self { channel: endpoint.connect_with_connector(connector).await?, goaway })
    }

    /// Starts a call and waits for the first event.
    pub(super) async fn call(&self) -> Result<Call, Status> {
        self.call_with(Request::new(())).await
    }

    /// The same with a deadline in the request.
    pub(super) async fn call_with(&self, request: Request<()>) -> Result<Call, Status> {
        let (requests, mut sent) = mpsc::unbounded_channel();
        let request = request.map(|()| stream::poll_fn(move |context| sent.poll_recv(context)));
        let mut client = Grpc::new(MapResponse::new(self.channel.clone(), noted::<tonic::body::Body>));
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let response = client.streaming(request, method(), Plain).await?;
        let body = response.extensions().get::<BodyEnd>().cloned().unwrap_or_default();
        let mut events = response.into_inner();
        events.message().await?;
        // Tells the server that the first event was read, for the cases that wait for it.
        let _ = requests.send(Bytes::from_static(b"following"));
        Ok(Call { events, body, goaway: self.goaway.clone(), requests })
    }
}

/// A call that follows the events.
pub(super) struct Call {
    events: Streaming<Bytes>,
    body: BodyEnd,
    goaway: GoAway,
    /// The requests of this side. Dropping it ends them.
    pub(super) requests: mpsc::UnboundedSender<Bytes>,
}

impl Call {
    /// Follows the events to their end.
    pub(super) async fn follow(mut self) -> Disconnect {
        CLIENT.resolve(call_ended(&mut self.events, &self.body, &self.goaway).await)
    }

    /// The same without records. Also returns tonic's status.
    pub(super) async fn status(mut self) -> (Disconnect, String) {
        loop {
            match self.events.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return (CLIENT.received(disconnect_core::Code::grpc(0)), "Ok".to_owned()),
                Err(status) => return (CLIENT.failed(&status), format!("{status:?}")),
            }
        }
    }
}
