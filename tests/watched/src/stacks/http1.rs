//! hyper 1 over HTTP/1.1, and the client and service that other HTTP servers share.

use std::sync::Arc;

use bytes::Bytes;
use disconnect_core::{Classifier, Endpoint, classifier};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::{BoxError, hyper_http1 as recipe};

static CLASSIFIER: Classifier = classifier![hyper = hyper, h2 = h2, tokio = tokio];

pub(crate) struct Http1;

impl Stack for Http1 {
    const NAME: &'static str = "hyper server, HTTP/1.1";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, patience, leaving, service) = (site.guard(), site.patience, site.leaving(), service(&site));
        if site.is_watched {
            recipe::serve(tcp, guard, patience, leaving, service).await?;
        } else {
            guard.run(|ended| recipe::connection(tcp, ended, patience, leaving, service)).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        Client::after_an_exchange(tcp).await
    }
}

/// Reads a body to its end and echoes it.
pub(crate) fn service(
    site: &Site,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Full<Bytes>>,
    Error = BoxError,
    Future: Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send + 'static,
>
+ Send
+ 'static
+ use<> {
    let site = Arc::new(site.clone());
    service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move {
            site.got();
            let body = timeout(site.patience, request.into_body().collect()).await??;
            Ok(Response::new(Full::new(body.to_bytes())))
        }
    })
}

/// A client that writes its requests by hand.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    has_begun: bool,
}

impl Client {
    pub(crate) async fn after_an_exchange(tcp: TcpStream) -> Result<Self, BoxError> {
        let mut stream = BufReader::new(tcp);
        stream.get_mut().write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Err("no answer".into());
            }
        }
        Ok(Self { stream, has_begun: false })
    }
}

impl Peer for Client {
    /// Sends the start of a request, and then more of its body.
    async fn speak(&mut self) -> Result<(), BoxError> {
        let begin = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhel";
        let more = b"lo";
        let part = if self.has_begun { &more[..] } else { &begin[..] };
        self.has_begun = true;
        Ok(self.stream.get_mut().write_all(part).await?)
    }

    async fn goodbye(&mut self) -> Result<(), BoxError> {
        let last = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        Ok(self.stream.get_mut().write_all(last).await?)
    }
}
