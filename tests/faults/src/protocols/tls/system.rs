//! native-tls and OpenSSL as the library of the checked side.

use std::pin::Pin;

use disconnect_core::{Classifier, Endpoint, classifier};
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslConnector, SslContextBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::library::{Handshake, Library, boxed};
use super::setup::{Authority, Failure, Identity, NAME, Setup};
use crate::recipes::openssl::Strict;
use crate::recipes::{native_tls as native_recipe, openssl as openssl_recipe};

static CLASSIFIER: Classifier =
    classifier![reader = native_recipe::reader, reader = openssl_recipe::reader, tokio = tokio];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

pub(super) const NATIVE: Library = Library {
    protocol: "tls_native",
    client: CLIENT,
    server: SERVER,
    connect: native_connect,
    accept: native_accept,
    read_to_end: |stream, end| Box::pin(native_recipe::read_to_end(stream, end)),
    asks_clients: false,
    is_rustls: false,
};

pub(super) const OPENSSL: Library = Library {
    protocol: "tls_openssl",
    connect: openssl_connect,
    accept: openssl_accept,
    read_to_end: |stream, end| Box::pin(openssl_recipe::read_to_end(stream, end)),
    asks_clients: true,
    ..NATIVE
};

fn oldest(versions: &[&SupportedProtocolVersion]) -> ProtocolVersion {
    if versions.contains(&&TLS12) { TLS12.version } else { TLS13.version }
}

fn newest(versions: &[&SupportedProtocolVersion]) -> ProtocolVersion {
    if versions.contains(&&TLS13) { TLS13.version } else { TLS12.version }
}

fn native_version(version: ProtocolVersion) -> native_tls::Protocol {
    if version == ProtocolVersion::TLSv1_2 { native_tls::Protocol::Tlsv12 } else { native_tls::Protocol::Tlsv13 }
}

fn native_identity(identity: &Identity) -> Result<native_tls::Identity, native_tls::Error> {
    native_tls::Identity::from_pkcs8(identity.certificate.as_bytes(), identity.key.as_bytes())
}

fn native_connect(setup: &Setup, known: &Authority, tcp: TcpStream) -> Result<Handshake, Failure> {
    let mut builder = native_tls::TlsConnector::builder();
    builder
        .disable_built_in_roots(true)
        .add_root_certificate(native_tls::Certificate::from_pem(known.root.as_bytes())?);
    builder.min_protocol_version(Some(native_version(oldest(setup.client_versions))));
    builder.max_protocol_version(Some(native_version(newest(setup.client_versions))));
    if let Some(identity) = setup.client_identity(known)? {
        builder.identity(native_identity(&identity)?);
    }
    let connector = tokio_native_tls::TlsConnector::from(builder.build()?);
    Ok(Box::pin(async move { connector.connect(NAME, tcp).await.map(boxed).map_err(|error| CLIENT.failed(&error)) }))
}

fn native_accept(setup: &Setup, known: &Authority, tcp: TcpStream) -> Result<Handshake, Failure> {
    let mut builder = native_tls::TlsAcceptor::builder(native_identity(&setup.server_identity(known)?)?);
    builder.min_protocol_version(Some(native_version(oldest(setup.server_versions))));
    builder.max_protocol_version(Some(native_version(newest(setup.server_versions))));
    let acceptor = tokio_native_tls::TlsAcceptor::from(builder.build()?);
    Ok(Box::pin(async move { acceptor.accept(tcp).await.map(boxed).map_err(|error| SERVER.failed(&error)) }))
}

fn openssl_version(version: ProtocolVersion) -> SslVersion {
    if version == ProtocolVersion::TLSv1_2 { SslVersion::TLS1_2 } else { SslVersion::TLS1_3 }
}

/// The configuration of both sides.
fn prepare(
    builder: &mut SslContextBuilder,
    versions: &[&SupportedProtocolVersion],
    known: &Authority,
    identity: Option<Identity>,
) -> Result<(), Failure> {
    builder.set_min_proto_version(Some(openssl_version(oldest(versions))))?;
    builder.set_max_proto_version(Some(openssl_version(newest(versions))))?;
    builder.cert_store_mut().add_cert(X509::from_pem(known.root.as_bytes())?)?;
    if let Some(Identity { certificate, key }) = identity {
        builder.set_certificate(&*X509::from_pem(certificate.as_bytes())?)?;
        builder.set_private_key(&*PKey::private_key_from_pem(key.as_bytes())?)?;
    }
    Ok(())
}

fn openssl_connect(setup: &Setup, known: &Authority, tcp: TcpStream) -> Result<Handshake, Failure> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    prepare(&mut builder, setup.client_versions, known, setup.client_identity(known)?)?;
    let mut stream = SslStream::new(builder.build().configure()?.into_ssl(NAME)?, tcp)?;
    Ok(Box::pin(async move {
        let done = Pin::new(&mut stream).connect().await;
        done.map(|()| boxed(Strict(stream))).map_err(|error| CLIENT.failed(&error))
    }))
}

fn openssl_accept(setup: &Setup, known: &Authority, tcp: TcpStream) -> Result<Handshake, Failure> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    prepare(&mut builder, setup.server_versions, known, Some(setup.server_identity(known)?))?;
    if setup.client_has_to {
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    let mut stream = SslStream::new(Ssl::new(builder.build().context())?, tcp)?;
    Ok(Box::pin(async move {
        let done = Pin::new(&mut stream).accept().await;
        done.map(|()| boxed(Strict(stream))).map_err(|error| SERVER.failed(&error))
    }))
}
