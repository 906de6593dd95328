//! native-tls, which uses OpenSSL here.

use disconnect_core::{Classifier, Endpoint, classifier};
use tokio::net::TcpStream;
use tokio_native_tls::TlsAcceptor;

use super::tls::{Client, connect, pem};
use crate::case::{Fault, Site, Stack};
use crate::recipes::{BoxError, native_tls as recipe};

static CLASSIFIER: Classifier = classifier![tokio = tokio];

pub(crate) struct NativeTls;

impl Stack for NativeTls {
    const NAME: &'static str = "native-tls server";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, leaving) = (site.guard(), site.leaving());
        let (certificate, key) = pem()?;
        let identity = native_tls::Identity::from_pkcs8(certificate.as_bytes(), key.as_bytes())?;
        let acceptor = TlsAcceptor::from(native_tls::TlsAcceptor::new(identity)?);
        let end = (site.end, site.patience);
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
