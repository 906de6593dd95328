//! axum, which owns its streams.

use std::future::pending;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::response::IntoResponse;
use axum::routing::any;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use disconnect_core::{Classifier, Endpoint, classifier};
use http::StatusCode;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::http1::Client;
use crate::case::{Carrying, Fault, Site, Stack};
use crate::recipes::BoxError;
use crate::recipes::axum::{Peer, WatchedListener};

static CLASSIFIER: Classifier = classifier![hyper = hyper, h2 = h2, tokio = tokio];

pub(crate) struct Axum;

impl Stack for Axum {
    const NAME: &'static str = "axum";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (leaving, listener) = (site.leaving(), Once(Some(tcp)));
        let (app_site, is_watched) = (site.clone(), site.is_watched);
        let handler = move |ConnectInfo(peer): ConnectInfo<Peer>, body: Body| upload(app_site.clone(), peer, body);
        let app = Router::new().route("/", any(handler)).into_make_service_with_connect_info::<Peer>();
        if is_watched {
            let listener = WatchedListener { listener, guard: move |_| site.guard() };
            axum::serve(listener, app).with_graceful_shutdown(leaving).await?;
        } else {
            axum::serve(Bare { listener, site }, app).with_graceful_shutdown(leaving).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        Client::after_an_exchange(tcp).await
    }
}

/// Reads a body to its end and echoes it.
async fn upload(site: Site, peer: Peer, body: Body) -> impl IntoResponse {
    site.got();
    let read = async {
        let whole: Bytes = timeout(site.patience, to_bytes(body, 1024)).await??;
        Ok::<_, BoxError>(whole)
    };
    read.await.map_err(|error| {
        peer.ended.failed(&error);
        (StatusCode::BAD_REQUEST, format!("{}: {error}", peer.address))
    })
}

/// A listener with one connection.
struct Once(Option<TcpStream>);

impl Listener for Once {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        match self.0.take() {
            Some(tcp) => (tcp, SocketAddr::from(([127, 0, 0, 1], 0))),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

/// A listener with one connection that is not watched.
struct Bare {
    listener: Once,
    site: Site,
}

impl Listener for Bare {
    type Io = Carrying<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        let (stream, address) = self.listener.accept().await;
        let guard = self.site.guard();
        let peer = Peer { address, ended: guard.handle() };
        (Carrying { stream, _guard: guard }, peer)
    }

    fn local_addr(&self) -> std::io::Result<Peer> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Bare>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bare>) -> Self {
        stream.remote_addr().clone()
    }
}
