//! TLS on loopback: certificates, both sides of a handshake, and a relay that ends TLS in ways that a library does not.

use std::io;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::loopback::{pair, reset};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Client = client::TlsStream<TcpStream>;
pub(crate) type Server = server::TlsStream<TcpStream>;

/// The client's and the server's stream.
pub(crate) async fn both() -> Result<(Client, Server), Failure> {
    let (certificate, keys) = certificate()?;
    let (client, server) = pair().await?;
    let connecting = Box::pin(connect(client, certificate.clone()));
    tokio::try_join!(connecting, Box::pin(accept(server, certificate, &keys)))
}

/// Connects as a client that trusts this certificate.
pub(crate) async fn connect(stream: TcpStream, trusted: CertificateDer<'static>) -> Result<Client, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted)?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

/// Accepts as a server, with this certificate.
pub(crate) async fn accept(
    stream: TcpStream,
    certificate: CertificateDer<'static>,
    keys: &KeyPair,
) -> Result<Server, Failure> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(keys.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)).accept(stream).await?)
}

/// A self-signed certificate for `localhost`.
pub(crate) fn certificate() -> Result<(CertificateDer<'static>, KeyPair), Failure> {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    Ok((cert.der().clone(), signing_key))
}

/// A certificate in the form of an argument for a peer process.
pub(crate) fn to_hex(certificate: &CertificateDer<'_>) -> String {
    certificate.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The certificate from such an argument.
pub(crate) fn from_hex(text: &str) -> Result<CertificateDer<'static>, Failure> {
    let digits = |at| u8::from_str_radix(text.get(at..at + 2).unwrap_or("odd"), 16);
    let bytes: Result<Vec<u8>, _> = (0..text.len()).step_by(2).map(digits).collect();
    Ok(bytes?.into())
}

/// How TLS ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// `close_notify`, then a FIN.
    CloseNotify,
    /// A FIN without `close_notify`.
    Fin,
    Rst,
}

/// A proxy that terminates TLS for one side of a connection.
pub(crate) struct Relay {
    orders: oneshot::Sender<Ending>,
}

impl Relay {
    /// Returns the plain stream for that side's library, and the handle that ends its TLS. `socket` is the socket
    /// below.
    pub(crate) async fn start(
        secure: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        socket: TcpStream,
    ) -> io::Result<(TcpStream, Self)> {
        let (library, near) = pair().await?;
        let (orders, order) = oneshot::channel();
        tokio::spawn(relay(near, secure, socket, order));
        Ok((library, Self { orders }))
    }

    pub(crate) fn end(self, ending: Ending) -> Result<(), Failure> {
        self.orders.send(ending).map_err(|_| "the relay has ended".into())
    }
}

async fn relay(
    mut near: TcpStream,
    mut secure: impl AsyncRead + AsyncWrite + Unpin,
    mut socket: TcpStream,
    order: oneshot::Receiver<Ending>,
) -> io::Result<()> {
    let ending = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut secure) => return Ok(()),
        Ok(ending) = order => ending,
    };
    match ending {
        Ending::CloseNotify => secure.shutdown().await?,
        Ending::Fin => socket.shutdown().await?,
        Ending::Rst => {
            drop(secure);
            return reset(socket);
        }
    }
    // Reads what the other side still sends, so that it does not see a closed socket.
    tokio::io::copy(&mut secure, &mut tokio::io::sink()).await.map(drop)
}
