//! Ends of TLS connections.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::report::{Tour, fault, normal};
use crate::service::{tls, wire};

const NAME: &str = "localhost";

/// Ends TLS connections. The agent logs them.
pub(crate) async fn endings(tour: &mut Tour) -> io::Result<()> {
    let client_closed = normal("client_closed", "client", "agent_to_client");
    let truncated = fault("network_error", "network", "agent_to_client").cause("unclean_eof");
    let garbage = fault("protocol_error", "client", "agent_to_client").cause("malformed");

    let id = tour.case("TLS client closes with close_notify", client_closed);
    let (mut client, server) = handshake().await?;
    client.shutdown().await?;
    tls::serve(id, server).await;

    let id = tour.case("TLS client vanishes without close_notify", truncated);
    let (client, server) = handshake().await?;
    let (mut client, _) = client.into_inner();
    client.shutdown().await?;
    tls::serve(id, server).await;

    let id = tour.case("TLS client sends an invalid record", garbage);
    let (client, server) = handshake().await?;
    client.into_inner().0.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
    tls::serve(id, server).await;
    Ok(())
}

/// Both ends of a new TLS connection.
async fn handshake() -> io::Result<(client::TlsStream<TcpStream>, server::TlsStream<TcpStream>)> {
    let (connector, acceptor) = configure().map_err(io::Error::other)?;
    let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
    let (dialled, accepted) = wire::loopback().await?;
    tokio::try_join!(connector.connect(name, dialled), acceptor.accept(accepted))
}

/// A server with a new certificate, and a client that trusts it.
fn configure() -> Result<(TlsConnector, TlsAcceptor), Box<dyn std::error::Error + Send + Sync>> {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    let certificate = CertificateDer::from(made.cert);
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;

    let provider = Arc::new(ring::default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok((Arc::new(client).into(), Arc::new(server).into()))
}
