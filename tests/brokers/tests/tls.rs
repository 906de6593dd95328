//! openssl and native-tls: real handshakes and connections, with a peer that refuses, violates the protocol or
//! vanishes.
#![cfg(feature = "openssl")]

use std::error::Error;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use disconnect_core::evidence::Conformance;
use disconnect_core::{Category, Classifier, Code, Endpoint, classifier};
use openssl::pkey::PKey;
use openssl::ssl::{ErrorCode, ShutdownState, SslAcceptor, SslConnector, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::X509;

static GIVEN: Classifier = classifier![openssl = openssl, native_tls = native_tls];
const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&GIVEN);

struct Pair {
    certificate: X509,
    acceptor: SslAcceptor,
}

/// A server with a certificate that the client may trust. The server may require a client certificate.
fn pair(wants_certificate: bool) -> Pair {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let certificate = X509::from_pem(cert.pem().as_bytes()).unwrap();
    let key = PKey::private_key_from_pem(signing_key.serialize_pem().as_bytes()).unwrap();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    acceptor.set_private_key(&key).unwrap();
    if wants_certificate {
        acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    Pair { certificate, acceptor: acceptor.build() }
}

/// The client's socket, with the peer in a thread.
fn against(peer: impl FnOnce(UnixStream) + Send + 'static) -> UnixStream {
    let (ours, theirs) = UnixStream::pair().unwrap();
    thread::spawn(move || peer(theirs));
    ours
}

/// The error of an OpenSSL client, at the handshake or the first read.
fn openssl_error(trusted: Option<&X509>, peer: impl FnOnce(UnixStream) + Send + 'static) -> Box<dyn Error> {
    let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
    if let Some(trusted) = trusted {
        connector.cert_store_mut().add_cert(trusted.clone()).unwrap();
    }
    match connector.build().connect("localhost", against(peer)) {
        Err(error) => Box::new(error),
        Ok(mut stream) => match stream.ssl_read(&mut [0; 64]) {
            Ok(length) => panic!("{length} bytes"),
            Err(error) => Box::new(error),
        },
    }
}

/// The error of a native-tls client, at the handshake or the first read.
fn native_tls_error(trusted: Option<&X509>, peer: impl FnOnce(UnixStream) + Send + 'static) -> Box<dyn Error> {
    let mut connector = native_tls::TlsConnector::builder();
    if let Some(trusted) = trusted {
        connector.add_root_certificate(native_tls::Certificate::from_pem(&trusted.to_pem().unwrap()).unwrap());
    }
    match connector.build().unwrap().connect("localhost", against(peer)) {
        Err(native_tls::HandshakeError::Failure(error)) => Box::new(error),
        Err(error) => panic!("{error}"),
        Ok(mut stream) => Box::new(stream.read(&mut [0; 64]).unwrap_err()),
    }
}

#[track_caller]
fn assert_said(error: &(dyn Error + 'static), expected: [&str; 3], code: Option<Code>) {
    let end = END.failed(error);
    let said =
        [end.reason().as_str(), end.initiator().map_or("", Category::as_str), end.cause().map_or("", Category::as_str)];
    assert_eq!((said, end.code()), (expected, code), "{}", GIVEN.explain(error));
}

/// A peer that accepts, and vanishes without `close_notify`.
fn vanishes(acceptor: SslAcceptor) -> impl FnOnce(UnixStream) + Send + 'static {
    move |socket| drop(acceptor.accept(socket).unwrap().get_mut().shutdown(std::net::Shutdown::Both))
}

fn talks_http(mut socket: UnixStream) {
    socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    _ = socket.read_to_end(&mut Vec::new());
}

/// A peer that requires a certificate that the client does not have. With TLS 1.3, the client sees the error at its
/// first read.
fn refuses(acceptor: SslAcceptor) -> impl FnOnce(UnixStream) + Send + 'static {
    move |socket| drop(acceptor.accept(socket).unwrap_err())
}

#[test]
fn openssl_conforms() {
    let (known, strict) = (pair(false), pair(true));
    let refused = openssl_error(Some(&strict.certificate), refuses(strict.acceptor));
    assert_said(&*refused, ["unknown", "server", "auth"], Some(Code::tls(116)));
    let untrusted = openssl_error(None, vanishes_or_not(known.acceptor.clone()));
    assert_said(&*untrusted, ["unknown", "client", "auth"], None);
    let garbage = openssl_error(None, talks_http);
    assert_said(&*garbage, ["protocol_error", "server", "malformed"], None);
    let eof = openssl_error(Some(&known.certificate), vanishes(known.acceptor.clone()));
    assert_said(&*eof, ["network_error", "network", "unclean_eof"], None);
    Conformance::new(&GIVEN)
        .fault("the peer refuses", &*refused)
        .fault("an untrusted certificate", &*untrusted)
        .fault("HTTP instead of TLS", &*garbage)
        .fault("no close_notify", &*eof)
        .assert();
}

/// Like `vanishes`, and ignores a handshake that the client refuses.
fn vanishes_or_not(acceptor: SslAcceptor) -> impl FnOnce(UnixStream) + Send + 'static {
    move |socket| drop(acceptor.accept(socket))
}

#[test]
fn native_tls_conforms() {
    let (known, strict) = (pair(false), pair(true));
    let refused = native_tls_error(Some(&strict.certificate), refuses(strict.acceptor));
    assert_said(&*refused, ["unknown", "server", "auth"], Some(Code::tls(116)));
    let untrusted = native_tls_error(None, vanishes_or_not(known.acceptor.clone()));
    assert_said(&*untrusted, ["unknown", "client", "auth"], None);
    let garbage = native_tls_error(None, talks_http);
    assert_said(&*garbage, ["protocol_error", "server", "malformed"], None);
    let eof = native_tls_error(None, |mut socket| drop(socket.read(&mut [0; 1 << 12])));
    assert_said(&*eof, ["network_error", "network", "unclean_eof"], None);
    Conformance::new(&GIVEN)
        .fault("the peer refuses", &*refused)
        .fault("an untrusted certificate", &*untrusted)
        .fault("HTTP instead of TLS", &*garbage)
        .fault("an end of file in the handshake", &*eof)
        .assert();
}

/// The adapter of native-tls alone, without that of OpenSSL: it reads the text of the error.
#[test]
fn native_tls_needs_no_openssl() {
    static ALONE: Classifier = classifier![native_tls = native_tls];
    let error = native_tls_error(None, talks_http);
    assert_eq!(ALONE.classify(&error), GIVEN.classify(&error));
}

/// A client's stream, and the result of its last read.
fn read_to_the_end(certificate: &X509, peer: impl FnOnce(UnixStream) + Send + 'static) -> SslStream<UnixStream> {
    let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
    connector.cert_store_mut().add_cert(certificate.clone()).unwrap();
    let mut stream = connector.build().connect("localhost", against(peer)).unwrap();
    assert_eq!(stream.read(&mut [0; 64]).map_err(|error: io::Error| error.kind()), Ok(0));
    stream
}

/// A read returns `Ok(0)` for the peer's goodbye and for a bare FIN. Only the stream distinguishes them.
#[test]
fn zero_bytes_are_no_goodbye() {
    let Pair { certificate, acceptor } = pair(false);
    let says_goodbye = {
        let acceptor = acceptor.clone();
        move |socket| drop(acceptor.accept(socket).unwrap().shutdown())
    };
    let mut closed = read_to_the_end(&certificate, says_goodbye);
    assert!(closed.get_shutdown().contains(ShutdownState::RECEIVED));
    let error = closed.ssl_read(&mut [0; 64]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ZERO_RETURN);
    // As an error it follows from the goodbye, and is not a normal end by itself.
    assert_said(&error, ["unknown", "", ""], None);
    let mut cut = read_to_the_end(&certificate, vanishes(acceptor.clone()));
    assert!(!cut.get_shutdown().contains(ShutdownState::RECEIVED));
    // native-tls does not distinguish them.
    let mut connector = native_tls::TlsConnector::builder();
    connector.add_root_certificate(native_tls::Certificate::from_pem(&certificate.to_pem().unwrap()).unwrap());
    let mut stream = connector.build().unwrap().connect("localhost", against(vanishes(acceptor))).unwrap();
    assert_eq!(stream.read(&mut [0; 64]).map_err(|error| error.kind()), Ok(0));
}
