//! Makes a connection: TCP, optionally TLS, then WebSocket. A failure here means that no connection came up.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use disconnect_core::Watched;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::{self, http};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::token::Token;

use super::limits;

/// Bytes in both directions, over TCP or TLS.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// A WebSocket connection over TCP or TLS.
pub(crate) type Socket = WebSocketStream<Box<dyn Io>>;

/// Why a connection did not come up. This is not a disconnect: it is for the user, or for the next attempt.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    #[error("cannot use the server's address {0:?}: expected ws://HOST:PORT or wss://HOST:PORT")]
    Address(String),
    #[error("cannot read the certificate authority {path:?}: {reason}")]
    Authority { path: String, reason: String },
    #[error("cannot reach {address}: {source}")]
    Unreachable { address: String, source: io::Error },
    #[error("the server refused: {}", refusal(*.0))]
    Refused(StatusCode),
    #[error("the server at {address} did not answer as one: {source}")]
    NoServer { address: String, source: tungstenite::Error },
}

fn refusal(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "the token is not the server's",
        StatusCode::TOO_MANY_REQUESTS => "it has as many workspaces as it may",
        StatusCode::CONFLICT => "the workspace is not running",
        StatusCode::GONE => "the workspace was deleted",
        StatusCode::NOT_FOUND => "there is no such workspace or path",
        StatusCode::SERVICE_UNAVAILABLE => "the server is shutting down",
        _ => "it does not say why",
    }
}

/// Dials one server.
#[derive(Clone)]
pub(crate) struct Dialer {
    host: String,
    /// `host:port`.
    address: String,
    tls: Option<TlsConnector>,
    token: Token,
}

impl Dialer {
    /// The server at `ws://host:port` or `wss://host:port`. The file `authority` contains the certificate authority.
    ///
    /// # Errors
    ///
    /// The address is invalid, or the file cannot be used.
    pub(crate) fn new(url: &str, authority: Option<&Path>, token: Token) -> Result<Self, DialError> {
        let no_address = || DialError::Address(url.to_owned());
        let uri: http::Uri = url.parse().map_err(|_| no_address())?;
        let (Some(scheme), Some(host), Some(port)) = (uri.scheme_str(), uri.host(), uri.port_u16()) else {
            return Err(no_address());
        };
        let tls = match scheme {
            "ws" => None,
            "wss" => Some(connector(authority)?),
            _ => return Err(no_address()),
        };
        Ok(Self { host: host.to_owned(), address: format!("{host}:{port}"), tls, token })
    }

    /// Connects to a path of the server.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or rejects this connection.
    pub(crate) async fn dial(&self, path: &str) -> Result<Socket, DialError> {
        let unreachable = |source| DialError::Unreachable { address: self.address.clone(), source };
        let stream = TcpStream::connect(&self.address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let stream: Box<dyn Io> = match &self.tls {
            Some(tls) => {
                let name =
                    ServerName::try_from(self.host.clone()).map_err(|_| DialError::Address(self.host.clone()))?;
                Box::new(tls.connect(name, stream).await.map_err(unreachable)?)
            }
            None => Box::new(stream),
        };
        // A goodbye may still be unread when a write fails.
        let stream: Box<dyn Io> = Box::new(Watched::new(stream).hold_write_errors());
        let no_server = |source| DialError::NoServer { address: self.address.clone(), source };
        let mut request = format!("ws://{}{path}", self.address).into_client_request().map_err(no_server)?;
        let token = self.token.header().map_err(|error| no_server(error.into()))?;
        request.headers_mut().insert(AUTHORIZATION, token);
        match client_async_with_config(request, stream, Some(limits())).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => Err(DialError::Refused(response.status())),
            Err(source) => Err(no_server(source)),
        }
    }
}

/// A time without a connection. The log has one line for the first failed attempt, and one for the end of the outage,
/// with the number of attempts and the duration.
#[derive(Default)]
pub(crate) struct Outage(Option<(Instant, u32)>);

impl Outage {
    /// The connection was lost.
    pub(crate) fn begin(&mut self) {
        self.0.get_or_insert((Instant::now(), 0));
    }

    /// An attempt failed; returns whether it is the first.
    pub(crate) fn failed(&mut self) -> bool {
        let (_, attempts) = self.0.get_or_insert((Instant::now(), 0));
        *attempts += 1;
        *attempts == 1
    }

    /// A connection is up again. Returns the number of attempts and the milliseconds.
    pub(crate) fn over(&mut self) -> Option<(u32, u64)> {
        let (since, attempts) = self.0.take()?;
        Some((attempts + 1, u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)))
    }
}

fn connector(authority: Option<&Path>) -> Result<TlsConnector, DialError> {
    let Some(path) = authority else {
        let reason = "wss:// needs --ca FILE".to_owned();
        return Err(DialError::Authority { path: String::new(), reason });
    };
    let unreadable = |reason: String| DialError::Authority { path: path.display().to_string(), reason };
    let certificate = CertificateDer::from_pem_file(path).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
