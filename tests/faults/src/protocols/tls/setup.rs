//! Certificates, and the configuration of each side of a handshake.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::crypto::ring::default_provider;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

type Result<T> = std::result::Result<T, Failure>;

/// The server name of a client.
pub(super) const NAME: &str = "localhost";
/// The name of the authority that both sides trust.
pub(super) const KNOWN: &str = "known";

/// Both versions; the newer one is preferred.
const ANY: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
pub(super) const ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
pub(super) const ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];

/// A certificate and its key, as PEM.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// An authority that signs certificates, and the certificates that are presented.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) root: String,
}

impl Authority {
    pub(super) fn new(name: &str) -> Result<Self> {
        let mut params = CertificateParams::new([])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let root = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), root })
    }

    pub(super) fn identity(&self, shown: Shown) -> Result<Identity> {
        let name = if shown == Shown::OtherName { "elsewhere" } else { NAME };
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if shown == Shown::Expired {
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let key = KeyPair::generate()?;
        Ok(Identity { certificate: params.signed_by(&key, &self.issuer)?.pem(), key: key.serialize_pem() })
    }
}

/// The certificate that a side presents.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shown {
    Good,
    Expired,
    OtherName,
    /// From an authority that the other side does not know.
    Foreign,
    /// From an authority with the name of the trusted one and another key.
    Renewed,
    /// The certificate of another party, with a key that does not match.
    Stolen,
    None,
}

/// The configuration of the two sides.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) server_shows: Shown,
    pub(super) client_shows: Shown,
    /// Whether the server requires a certificate.
    pub(super) client_has_to: bool,
    pub(super) client_alpn: &'static [&'static str],
    pub(super) client_versions: &'static [&'static SupportedProtocolVersion],
    pub(super) server_versions: &'static [&'static SupportedProtocolVersion],
}

impl Setup {
    /// A handshake that succeeds.
    pub(super) const GOOD: Self = Self {
        server_shows: Shown::Good,
        client_shows: Shown::None,
        client_has_to: false,
        client_alpn: &[],
        client_versions: ANY,
        server_versions: ANY,
    };

    /// The client's side, which trusts this authority.
    pub(super) fn client(&self, known: &Authority) -> Result<TlsConnector> {
        self.connector(&known.root, self.client_identity(known)?.as_ref())
    }

    pub(super) fn client_identity(&self, known: &Authority) -> Result<Option<Identity>> {
        match self.client_shows {
            Shown::None => Ok(None),
            shown => Ok(Some(identity(shown, known)?)),
        }
    }

    /// The server's side, which trusts this authority.
    pub(super) fn server(&self, known: &Authority) -> Result<TlsAcceptor> {
        self.acceptor(&self.server_identity(known)?, &known.root)
    }

    pub(super) fn server_identity(&self, known: &Authority) -> Result<Identity> {
        identity(self.server_shows, known)
    }

    pub(super) fn connector(&self, root: &str, identity: Option<&Identity>) -> Result<TlsConnector> {
        let config = ClientConfig::builder_with_provider(default_provider().into())
            .with_protocol_versions(self.client_versions)?
            .with_root_certificates(roots(root)?);
        let mut config = match identity {
            Some(identity) => config.with_client_auth_cert(chain(identity)?, key(identity)?)?,
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = self.client_alpn.iter().map(|protocol| (*protocol).into()).collect();
        Ok(Arc::new(config).into())
    }

    pub(super) fn acceptor(&self, identity: &Identity, root: &str) -> Result<TlsAcceptor> {
        let provider = Arc::new(default_provider());
        let config =
            ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(self.server_versions)?;
        let config = if self.client_has_to {
            let roots = Arc::new(roots(root)?);
            config.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(roots, provider).build()?)
        } else {
            config.with_no_client_auth()
        };
        let certified = CertifiedKey::new(chain(identity)?, any_supported_type(&key(identity)?)?);
        let mut config = config.with_cert_resolver(Arc::new(Certified(Arc::new(certified))));
        config.alpn_protocols = vec!["h2".into()];
        // Unread tickets would turn a client's FIN into an RST.
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config).into())
    }
}

fn identity(shown: Shown, known: &Authority) -> Result<Identity> {
    match shown {
        Shown::Foreign => Authority::new("foreign")?.identity(shown),
        Shown::Renewed => Authority::new(KNOWN)?.identity(shown),
        Shown::Stolen => {
            let own = known.identity(shown)?;
            Ok(Identity { key: own.key, ..known.identity(shown)? })
        }
        Shown::Good | Shown::Expired | Shown::OtherName | Shown::None => known.identity(shown),
    }
}

/// A server's certificate and key, which may not match.
#[derive(Debug)]
struct Certified(Arc<CertifiedKey>);

impl ResolvesServerCert for Certified {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

fn roots(root: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
    Ok(roots)
}

fn chain(identity: &Identity) -> Result<Vec<CertificateDer<'static>>> {
    Ok(vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes())?])
}

fn key(identity: &Identity) -> Result<PrivateKeyDer<'static>> {
    Ok(PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?)
}
