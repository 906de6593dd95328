//! Connected QUIC pairs on loopback, and their configuration.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::crypto::{CryptoError, HmacKey};
use quinn::rustls::crypto::ring::default_provider;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use quinn::rustls::server::WebPkiClientVerifier;
use quinn::rustls::version::TLS13;
use quinn::rustls::{self, RootCertStore};
use quinn::{Connection, Endpoint, EndpointConfig, TokioRuntime, TransportConfig};
use quinn_proto::HashedConnectionIdGenerator;

use super::violator::{Trigger, Violator};

pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// Longer than a healthy connection is silent, and short enough for a test.
pub(super) const IDLE: Duration = Duration::from_millis(400);

/// The name in the certificate.
const NAME: &str = "localhost";

/// A self-signed certificate and its key.
pub(super) struct Identity {
    pub(super) certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(super) fn new() -> Result<Self, Failure> {
        Self::named(NAME)
    }

    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        let pair = rcgen::KeyPair::generate()?;
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()])?;
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = parameters.self_signed(&pair)?.der().clone();
        Ok(Self { certificate, key: PrivateKeyDer::try_from(pair.serialize_der())? })
    }
}

/// The protocol of one side, and its timeouts.
#[derive(Clone)]
pub(super) struct Setup {
    /// The application protocol that it offers.
    pub(super) speaks: &'static [u8],
    pub(super) idle: Duration,
    /// Whether a server requests client certificates. No client has one.
    pub(super) asks_for_certificate: bool,
    pub(super) trigger: Trigger,
}

impl Default for Setup {
    fn default() -> Self {
        let idle = Duration::from_secs(30);
        Self { speaks: b"lines", idle, asks_for_certificate: false, trigger: Trigger::default() }
    }
}

impl Setup {
    pub(super) fn gives_up_after(idle: Duration) -> Self {
        Self { idle, ..Self::default() }
    }

    fn transport(&self) -> Result<Arc<TransportConfig>, Failure> {
        let mut transport = TransportConfig::default();
        transport.max_idle_timeout(Some(self.idle.try_into()?));
        Ok(Arc::new(transport))
    }

    /// A server's configuration.
    pub(super) fn server(&self, identity: &Identity) -> Result<quinn::ServerConfig, Failure> {
        let provider = Arc::new(default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13])?;
        let tls = if self.asks_for_certificate {
            let roots = Arc::new(trust(&identity.certificate)?);
            tls.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(roots, provider).build()?)
        } else {
            tls.with_no_client_auth()
        };
        let mut tls = tls.with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())?;
        tls.alpn_protocols = vec![self.speaks.to_vec()];
        let inner: Arc<dyn quinn::crypto::ServerConfig> = Arc::new(QuicServerConfig::try_from(tls)?);
        let mut config = quinn::ServerConfig::with_crypto(Arc::new(Violator { trigger: self.trigger.clone(), inner }));
        config.transport_config(self.transport()?);
        Ok(config)
    }

    /// The configuration of a client that trusts this certificate.
    pub(super) fn client(&self, trusted: &CertificateDer<'static>) -> Result<quinn::ClientConfig, Failure> {
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(trust(trusted)?)
            .with_no_client_auth();
        tls.alpn_protocols = vec![self.speaks.to_vec()];
        let inner: Arc<dyn quinn::crypto::ClientConfig> = Arc::new(QuicClientConfig::try_from(tls)?);
        let mut config = quinn::ClientConfig::new(Arc::new(Violator { trigger: self.trigger.clone(), inner }));
        config.transport_config(self.transport()?);
        Ok(config)
    }
}

fn trust(certificate: &CertificateDer<'static>) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    Ok(roots)
}

/// Any free port on loopback.
pub(super) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A client without a connection.
pub(super) fn client(setup: &Setup, trusted: &CertificateDer<'static>) -> Result<Endpoint, Failure> {
    let mut endpoint = Endpoint::client(any_port())?;
    endpoint.set_default_client_config(setup.client(trusted)?);
    Ok(endpoint)
}

/// Connects a client.
pub(super) async fn dial(client: &Endpoint, address: SocketAddr) -> Result<Connection, Failure> {
    Ok(client.connect(address, NAME)?.await?)
}

/// A client's connection and the agent's.
pub(super) struct Link {
    pub(super) client: Connection,
    pub(super) agent: Connection,
    /// The agent's endpoint for all its connections.
    pub(super) agents: Endpoint,
    pub(super) clients: Endpoint,
}

impl Link {
    /// A pair that connects successfully.
    pub(super) async fn up() -> Result<Self, Failure> {
        Self::between(&Setup::default(), &Setup::default()).await
    }

    pub(super) async fn between(client: &Setup, agent: &Setup) -> Result<Self, Failure> {
        let identity = Identity::new()?;
        let agents = Endpoint::server(agent.server(&identity)?, any_port())?;
        let clients = self::client(client, &identity.certificate)?;
        let accepted = async { Ok::<_, Failure>(agents.accept().await.ok_or("the endpoint is closed")?.await?) };
        let (client, agent) = tokio::try_join!(dial(&clients, agents.local_addr()?), accepted)?;
        Ok(Self { client, agent, agents, clients })
    }
}

/// An agent whose stateless resets are valid for connections of an earlier process: both use the same keys for resets
/// and connection ids.
pub(super) fn agent(config: quinn::ServerConfig, address: SocketAddr) -> Result<Endpoint, Failure> {
    let mut shared = EndpointConfig::new(Arc::new(ResetKey));
    shared.cid_generator(|| Box::new(HashedConnectionIdGenerator::from_key(1)));
    let socket = UdpSocket::bind(address)?;
    Ok(Endpoint::new(shared, Some(config), socket, Arc::new(TokioRuntime))?)
}

/// An agent on a socket that the test keeps a handle of.
pub(super) fn on_socket(config: quinn::ServerConfig, socket: UdpSocket) -> Result<Endpoint, Failure> {
    Ok(Endpoint::new(EndpointConfig::default(), Some(config), socket, Arc::new(TokioRuntime))?)
}

/// An agent that supports only these versions of QUIC.
pub(super) fn speaking(versions: Vec<u32>, config: quinn::ServerConfig) -> Result<Endpoint, Failure> {
    let mut only = EndpointConfig::default();
    only.supported_versions(versions);
    let socket = UdpSocket::bind(any_port())?;
    Ok(Endpoint::new(only, Some(config), socket, Arc::new(TokioRuntime))?)
}

/// The key for stateless resets, which an agent shares with its successor. It is not secret: nothing here forges
/// resets.
struct ResetKey;

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature: &mut [u8]) {
        let mut sum = 0xa5_u8;
        for byte in signature {
            sum = data.iter().fold(sum, |sum, part| sum.rotate_left(3).wrapping_add(*part) ^ 0x5a);
            *byte = sum;
        }
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let mut own = [0; 32];
        self.sign(data, &mut own);
        if own == signature { Ok(()) } else { Err(CryptoError) }
    }
}

/// The hexadecimal form of a certificate, for another process.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |four| char::from_digit(u32::from(four), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The reverse of [`hex`].
pub(super) fn unhex(text: &str) -> Result<Vec<u8>, Failure> {
    let digits = text.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?));
    digits.collect()
}
