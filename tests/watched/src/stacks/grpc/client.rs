//! tonic as a client: the peer of a server, and the checked side.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{Code, Disconnect, DisconnectHandle, Endpoint};
use futures_util::{StreamExt, stream};
use http::uri::PathAndQuery;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint as Address, Server};
use tonic::{Request, Response, Status, Streaming};

use super::CLASSIFIER;
use super::bytes_codec::Plain;
use crate::case::{Fault, Peer, SHORT, Site, Stack};
use crate::recipes::BoxError;
use crate::recipes::tonic::{channel, dialled};

/// A call of a client together with its connection.
pub(crate) struct ClientCall;

impl Stack for ClientCall {
    const NAME: &'static str = "tonic client";
    const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
    const DIALS: bool = true;
    type Peer = Publisher;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        site.guard().run(|ended| follow(tcp, ended, site)).await?;
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Publisher, BoxError> {
        Publisher::called(tcp).await
    }
}

async fn follow(tcp: TcpStream, ended: DisconnectHandle, site: Site) -> Result<Disconnect, BoxError> {
    let patience = site.patience;
    let address = address().http2_keep_alive_interval(patience).keep_alive_timeout(patience);
    let channel =
        if site.is_watched { dialled(tcp, &ended, address, patience).await? } else { channel(tcp, address).await? };
    let (_requests, mut events) = call(channel, Request::new(())).await?;
    site.got();
    loop {
        let event = tokio::select! {
            event = events.message() => event?,
            () = site.leaving() => return Ok(site.end.shutting_down()),
        };
        match event {
            Some(_) => site.got(),
            None => return Ok(site.end.received(Code::grpc(0))),
        }
    }
}

fn address() -> Address {
    Address::from_static("http://localhost")
}

type Requests = mpsc::UnboundedSender<Bytes>;

/// Starts a call; messages are sent later.
async fn call(channel: Channel, request: Request<()>) -> Result<(Requests, Streaming<Bytes>), Status> {
    let (requests, sent) = mpsc::unbounded_channel();
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let path = PathAndQuery::from_static("/events.Events/Follow");
    let request = request.map(|()| UnboundedReceiverStream::new(sent));
    let response = client.streaming(request, path, Plain).await?;
    Ok((requests, response.into_inner()))
}

/// The peer of a server.
pub(crate) struct Caller {
    channel: Option<Channel>,
    requests: Option<Requests>,
    calling: Option<JoinHandle<()>>,
}

impl Caller {
    /// An idle connection.
    pub(super) async fn after_a_call(tcp: TcpStream) -> Result<Self, BoxError> {
        let channel = channel(tcp, address()).await?;
        let (requests, mut events) = call(channel.clone(), Request::new(())).await?;
        drop(requests);
        while events.message().await?.is_some() {}
        Ok(Self { channel: Some(channel), requests: None, calling: None })
    }

    /// A connection with a call that the server has received.
    pub(super) async fn in_a_call(tcp: TcpStream, fault: Fault) -> Result<Self, BoxError> {
        let channel = channel(tcp, address()).await?;
        let mut caller = Self { channel: Some(channel), requests: None, calling: None };
        caller.begin(if fault == Fault::Deadline { Some(SHORT) } else { None })?;
        Ok(caller)
    }

    fn begin(&mut self, deadline: Option<Duration>) -> Result<(), BoxError> {
        let channel = self.channel.clone().ok_or("the client has left")?;
        let (requests, sent) = mpsc::unbounded_channel();
        let mut request = Request::new(UnboundedReceiverStream::new(sent));
        if let Some(deadline) = deadline {
            request.set_timeout(deadline);
        }
        self.requests = Some(requests);
        let calling = async move {
            let mut client = Grpc::new(channel);
            client.ready().await.map_err(|error| Status::from_error(error.into()))?;
            let path = PathAndQuery::from_static("/events.Events/Follow");
            let mut events = client.streaming::<_, Bytes, Bytes, _>(request, path, Plain).await?.into_inner();
            while events.message().await?.is_some() {}
            Ok::<_, Status>(())
        };
        self.calling = Some(tokio::spawn(async move { drop(calling.await) }));
        Ok(())
    }
}

impl Peer for Caller {
    async fn speak(&mut self) -> Result<(), BoxError> {
        if self.requests.is_none() {
            self.begin(None)?;
        }
        let requests = self.requests.as_ref().ok_or("there is no call")?;
        // A call whose first bytes were corrupted has already ended.
        let _ = requests.send(Bytes::from_static(b"hello"));
        Ok(())
    }

    /// Ends the requests of a call, or sends GOAWAY on a connection.
    async fn goodbye(&mut self) -> Result<(), BoxError> {
        if self.requests.take().is_none() {
            self.channel = None;
        }
        Ok(())
    }

    /// Cancels like clients in other languages, which enforce the deadline of the whole call.
    async fn cancel(&mut self) {
        if let Some(calling) = self.calling.take() {
            calling.abort();
            // Drops the stream before the requests end.
            drop(calling.await);
        }
        self.requests = None;
    }
}

/// The peer of a client: a server with one call, to which it sends events.
pub(crate) struct Publisher(Option<mpsc::UnboundedSender<Result<Bytes, Status>>>);

impl Publisher {
    async fn called(tcp: TcpStream) -> Result<Self, BoxError> {
        let (events, sent) = mpsc::unbounded_channel();
        let (told, mut called) = mpsc::unbounded_channel();
        let sent = Arc::new(Mutex::new(Some(sent)));
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let (sent, told) = (Arc::clone(&sent), told.clone());
            async move {
                let call = tower::service_fn(|_: Request<Streaming<Bytes>>| {
                    let sent = sent.lock().ok().and_then(|mut sent| sent.take());
                    let _ = told.send(());
                    async { Ok(Response::new(UnboundedReceiverStream::new(sent.ok_or_else(|| Status::internal(""))?))) }
                });
                Ok::<_, Infallible>(tonic::server::Grpc::new(Plain).streaming(call, request).await)
            }
        });
        let incoming = stream::iter([Ok::<_, Infallible>(tcp)]).chain(stream::pending());
        tokio::spawn(Server::builder().serve_with_incoming(service, incoming));
        called.recv().await.ok_or("no call")?;
        Ok(Self(Some(events)))
    }
}

impl Peer for Publisher {
    async fn speak(&mut self) -> Result<(), BoxError> {
        let events = self.0.as_ref().ok_or("the call is over")?;
        Ok(events.send(Ok(Bytes::from_static(b"hello")))?)
    }

    /// Ends the call with OK.
    async fn goodbye(&mut self) -> Result<(), BoxError> {
        self.0 = None;
        Ok(())
    }
}
