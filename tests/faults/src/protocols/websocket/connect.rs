//! WebSocket connections on loopback, plain and over TLS.

use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async};

use crate::loopback::pair;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The client's end of a WebSocket over TLS.
type SecureClient = WebSocketStream<client::TlsStream<TcpStream>>;
/// The server's end of one.
type SecureServer = WebSocketStream<server::TlsStream<TcpStream>>;

/// What the server takes at most; clients take what comes.
const LIMIT: usize = 64 * 1024;

/// The client's end and the server's.
pub(super) async fn plain() -> Result<(WebSocketStream<TcpStream>, WebSocketStream<TcpStream>), Failure> {
    let (client, server) = pair().await?;
    Ok(tokio::try_join!(join(client), accept(server))?)
}

/// The client's end and the server's, over TLS.
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

/// Connects as a client over TLS; trusts this certificate.
pub(super) async fn join_tls(stream: TcpStream, trusted: CertificateDer<'static>) -> Result<SecureClient, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted)?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(client_async("wss://localhost/", stream).await?.0)
}

/// Accepts as a server over TLS, with this certificate.
pub(super) async fn accept_tls(
    stream: TcpStream,
    certificate: CertificateDer<'static>,
    keys: &KeyPair,
) -> Result<SecureServer, Failure> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(keys.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await?;
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT));
    Ok(accept_async_with_config(stream, Some(config)).await?)
}

/// A certificate for `localhost`, signed by itself.
pub(super) fn certificate() -> Result<(CertificateDer<'static>, KeyPair), Failure> {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    Ok((cert.der().clone(), signing_key))
}

/// A certificate as an argument of a peer in a process of its own.
pub(super) fn to_hex(certificate: &CertificateDer<'_>) -> String {
    certificate.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The certificate that such a peer is told to trust.
pub(super) fn from_hex(text: &str) -> Result<CertificateDer<'static>, Failure> {
    let digits = |at| u8::from_str_radix(text.get(at..at + 2).unwrap_or("odd"), 16);
    let bytes: Result<Vec<u8>, _> = (0..text.len()).step_by(2).map(digits).collect();
    Ok(bytes?.into())
}
