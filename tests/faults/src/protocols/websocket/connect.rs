//! WebSocket connections on loopback, plain and over TLS.

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async};

use crate::loopback::pair;
use crate::secure::{self, Failure};
pub(super) use crate::secure::{certificate, from_hex, to_hex};

/// The client's side of a WebSocket over TLS.
type SecureClient = WebSocketStream<secure::Client>;
/// The server's side of a WebSocket over TLS.
type SecureServer = WebSocketStream<secure::Server>;

/// The server's limit for a message. Clients have no limit.
const LIMIT: usize = 64 * 1024;

/// The client's and the server's side.
pub(super) async fn plain() -> Result<(WebSocketStream<TcpStream>, WebSocketStream<TcpStream>), Failure> {
    let (client, server) = pair().await?;
    Ok(tokio::try_join!(join(client), accept(server))?)
}

/// The client's and the server's side, over TLS.
pub(super) async fn secure() -> Result<(SecureClient, SecureServer), Failure> {
    let (certificate, keys) = certificate()?;
    let (client, server) = pair().await?;
    let joined = Box::pin(join_tls(client, certificate.clone()));
    Ok(tokio::try_join!(joined, Box::pin(accept_tls(server, certificate, &keys)))?)
}

/// Connects as a client.
pub(super) async fn join(stream: TcpStream) -> Result<WebSocketStream<TcpStream>, Failure> {
    Ok(client_async("ws://localhost/", stream).await?.0)
}

/// Accepts as a server.
pub(super) async fn accept(stream: TcpStream) -> Result<WebSocketStream<TcpStream>, Failure> {
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT));
    Ok(accept_async_with_config(stream, Some(config)).await?)
}

/// Connects as a client over TLS that trusts this certificate.
pub(super) async fn join_tls(stream: TcpStream, trusted: CertificateDer<'static>) -> Result<SecureClient, Failure> {
    Ok(client_async("wss://localhost/", secure::connect(stream, trusted).await?).await?.0)
}

/// Accepts as a server over TLS, with this certificate.
pub(super) async fn accept_tls(
    stream: TcpStream,
    certificate: CertificateDer<'static>,
    keys: &KeyPair,
) -> Result<SecureServer, Failure> {
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT));
    Ok(accept_async_with_config(secure::accept(stream, certificate, keys).await?, Some(config)).await?)
}
