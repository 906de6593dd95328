//! rustls below a protocol without a goodbye of its own.

use std::sync::{Arc, OnceLock};

use disconnect_core::{Classifier, Endpoint, classifier};
use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::{BoxError, rustls as recipe};

static CLASSIFIER: Classifier = classifier![rustls = rustls, tokio = tokio];

pub(crate) struct Rustls;

impl Stack for Rustls {
    const NAME: &'static str = "rustls server";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, leaving) = (site.guard(), site.leaving());
        let (end, acceptor) = ((site.end, site.patience), acceptor()?);
        if site.is_watched {
            recipe::serve(tcp, guard, acceptor, end, leaving, || site.got()).await?;
        } else {
            guard
                .run(async |_| -> Result<_, BoxError> {
                    recipe::echo(acceptor.accept(tcp).await?, end, leaving, || site.got()).await
                })
                .await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        connect(tcp).await
    }
}

fn certified() -> Result<&'static CertifiedKey<rcgen::KeyPair>, BoxError> {
    static CERTIFIED: OnceLock<CertifiedKey<rcgen::KeyPair>> = OnceLock::new();
    if let Some(certified) = CERTIFIED.get() {
        return Ok(certified);
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    Ok(CERTIFIED.get_or_init(|| made))
}

fn acceptor() -> Result<TlsAcceptor, BoxError> {
    let CertifiedKey { cert, signing_key } = certified()?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A certificate for `localhost`, and its key.
#[cfg(feature = "native-tls")]
pub(crate) fn pem() -> Result<(String, String), BoxError> {
    let CertifiedKey { cert, signing_key } = certified()?;
    Ok((cert.pem(), signing_key.serialize_pem()))
}

/// A client with rustls that has received one echo.
pub(crate) async fn connect(tcp: TcpStream) -> Result<Client, BoxError> {
    let mut roots = RootCertStore::empty();
    let trusted: CertificateDer<'static> = certified()?.cert.der().clone();
    roots.add(trusted)?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    let mut client = Client(TlsConnector::from(Arc::new(config)).connect(name, tcp).await?);
    client.speak().await?;
    client.0.read_exact(&mut [0; 5]).await?;
    Ok(client)
}

pub(crate) struct Client(TlsStream<TcpStream>);

impl Peer for Client {
    async fn speak(&mut self) -> Result<(), BoxError> {
        self.0.write_all(b"hello").await?;
        Ok(self.0.flush().await?)
    }

    async fn goodbye(&mut self) -> Result<(), BoxError> {
        Ok(self.0.shutdown().await?)
    }
}
