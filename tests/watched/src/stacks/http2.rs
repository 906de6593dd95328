//! h2 as a server, and hyper over HTTP/2 with hyper-util.

use bytes::Bytes;
use disconnect_core::{Classifier, Endpoint, classifier};
use h2::client::{Connection, SendRequest};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::http1::service;
use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::{BoxError, h2 as recipe, hyper_util};

static CLASSIFIER: Classifier = classifier![hyper = hyper, h2 = h2, tokio = tokio];

pub(crate) struct H2;

impl Stack for H2 {
    const NAME: &'static str = "h2 server";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, patience, leaving) = (site.guard(), site.patience, site.leaving());
        let handle = |request: Request<RecvStream>, respond| {
            site.got();
            drop(tokio::spawn(answer(request, respond)));
        };
        if site.is_watched {
            recipe::serve(tcp, guard, patience, leaving, handle).await?;
        } else {
            guard.run(|ended| recipe::requests(tcp, ended, patience, leaving, handle)).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        Client::after_an_exchange(tcp).await
    }
}

/// Reads a body to its end and answers.
async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<(), h2::Error> {
    let mut body = request.into_body();
    while let Some(chunk) = body.data().await {
        body.flow_control().release_capacity(chunk?.len())?;
    }
    respond.send_response(Response::new(()), true)?;
    Ok(())
}

pub(crate) struct Http2;

impl Stack for Http2 {
    const NAME: &'static str = "hyper server, HTTP/2";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, patience, leaving, service) = (site.guard(), site.patience, site.leaving(), service(&site));
        if site.is_watched {
            hyper_util::serve(tcp, guard, patience, leaving, service).await?;
        } else {
            guard.run(|ended| hyper_util::connection(tcp, ended, patience, leaving, service)).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        Client::after_an_exchange(tcp).await
    }
}

/// A client with h2.
pub(crate) struct Client {
    requests: Option<SendRequest<Bytes>>,
    body: Option<SendStream<Bytes>>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn after_an_exchange(tcp: TcpStream) -> Result<Self, BoxError> {
        let (requests, connection): (_, Connection<TcpStream>) = h2::client::handshake(tcp).await?;
        let connection = tokio::spawn(connection);
        let mut requests = requests.ready().await?;
        let (response, _) = requests.send_request(Request::get("http://localhost/").body(())?, true)?;
        response.await?;
        Ok(Self { requests: Some(requests), body: None, connection })
    }
}

impl Peer for Client {
    /// Sends the start of a request, and then more of its body.
    async fn speak(&mut self) -> Result<(), BoxError> {
        if self.body.is_none() {
            let requests = self.requests.take().ok_or("the client has left")?;
            let mut requests = requests.ready().await?;
            let (_, body) = requests.send_request(Request::post("http://localhost/").body(())?, false)?;
            (self.requests, self.body) = (Some(requests), Some(body));
        }
        let body = self.body.as_mut().ok_or("there is no request")?;
        Ok(body.send_data(Bytes::from_static(b"hello"), false)?)
    }

    /// Drops the handle, on which h2 sends GOAWAY and closes.
    async fn goodbye(&mut self) -> Result<(), BoxError> {
        (self.requests, self.body) = (None, None);
        Ok((&mut self.connection).await??)
    }
}
