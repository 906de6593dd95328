//! One adapter reads several versions of its library, also in one program, with errors that the libraries made.
//!
//! An error of a version that is not listed is unknown, never wrong.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;

use disconnect_adapter_versions::EVERY_VERSION;
use disconnect_core::evidence::Rank;
use disconnect_core::{Category, Classifier, Code, DisconnectEvidence, Endpoint, classifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// Reason, initiator and cause, at a client of a server.
type Read3 = (&'static str, Option<&'static str>, Option<&'static str>);

const VIOLATION: Read3 = ("protocol_error", Some("server"), Some("malformed"));
const TOO_LARGE: Read3 = ("protocol_error", Some("server"), Some("too_large"));
const GONE: Read3 = ("network_error", Some("network"), Some("unclean_eof"));
const RESET: Read3 = ("network_error", Some("network"), Some("reset"));
/// No reader understands the error.
const UNKNOWN: Read3 = ("unknown", Some(""), None);

#[track_caller]
fn assert_read(classifier: &'static Classifier, error: &(dyn Error + 'static), expected: Read3) {
    let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(classifier).failed(error);
    assert_eq!(
        (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str)),
        expected,
        "{error:?}"
    );
}

/// Checks that the classifier with this version and the one with every version read the error, and that the classifier
/// with only the other version does not.
#[track_caller]
fn assert_version(
    given: &'static Classifier,
    other: &'static Classifier,
    error: &(dyn Error + 'static),
    expected: Read3,
) {
    assert_read(given, error, expected);
    assert_read(&EVERY_VERSION, error, expected);
    assert_read(other, error, UNKNOWN);
}

/// Bytes from the peer, followed by an end of file or a reset.
#[derive(Debug)]
struct Wire {
    bytes: io::Cursor<Vec<u8>>,
    reset: bool,
}

impl io::Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match io::Read::read(&mut self.bytes, buffer)? {
            0 if self.reset => Err(io::ErrorKind::ConnectionReset.into()),
            length => Ok(length),
        }
    }
}

impl io::Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

macro_rules! tungstenite {
    ($($version:ident: $library:ident, not $other:ident;)*) => {$(
        mod $version {
            use $library::WebSocket;
            use $library::protocol::Role;

            use super::*;

            static GIVEN: Classifier = classifier![tungstenite = $library];
            static OTHER: Classifier = classifier![tungstenite = $other];

            /// The error that a client's read returns.
            fn error(bytes: &[u8], reset: bool) -> $library::Error {
                let wire = Wire { bytes: io::Cursor::new(bytes.to_vec()), reset };
                let mut socket = WebSocket::from_raw_socket(wire, Role::Client, None);
                loop {
                    if let Err(error) = socket.read() {
                        return error;
                    }
                }
            }

            #[test]
            fn violations() {
                assert_version(&GIVEN, &OTHER, &error(&[0xf1, 0], false), VIOLATION);
                // A frame of one terabyte.
                assert_version(&GIVEN, &OTHER, &error(&[0x82, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0], false), TOO_LARGE);
            }

            #[test]
            fn ends() {
                // The text of the first and the I/O error inside the second are found with any version.
                for classifier in [&GIVEN, &OTHER, &EVERY_VERSION] {
                    assert_read(classifier, &error(&[], false), GONE);
                    assert_read(classifier, &error(&[], true), RESET);
                }
            }

            /// The error of a client whose upgrade the server answers with this status.
            fn refused(status: &str) -> $library::Error {
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                let wire = Wire { bytes: io::Cursor::new(answer.into_bytes()), reset: false };
                match $library::client("ws://localhost/", wire).unwrap_err() {
                    $library::HandshakeError::Failure(error) => error,
                    $library::HandshakeError::Interrupted(_) => panic!("the answer is whole"),
                }
            }

            #[test]
            fn refused_upgrades() {
                for (status, cause) in [
                    ("401 Unauthorized", "auth"),
                    ("403 Forbidden", "auth"),
                    ("404 Not Found", "negotiation"),
                    ("429 Too Many Requests", "limit"),
                    ("503 Service Unavailable", "overload"),
                    ("500", "internal_error"),
                ] {
                    let expected = ("unknown", Some("server"), Some(cause));
                    assert_version(&GIVEN, &OTHER, &refused(status), expected);
                }
            }

            #[test]
            fn a_refused_dial() {
                let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
                let error = $library::connect(format!("ws://{closed}/")).unwrap_err();
                assert_version(&GIVEN, &OTHER, &error, ("network_error", Some("network"), Some("unreachable")));
            }

            #[test]
            fn another_version_gets_a_hint() {
                let error = io::Error::other(error(&[0xf1, 0], false));
                assert!(!GIVEN.explain(&error).to_string().contains("looks like"));
                let other = OTHER.explain(&error).to_string();
                let hint = concat!(
                    "hint: error 2 looks like one of tungstenite: `tungstenite = ", stringify!($other),
                    "` does not read this type. Perhaps it is of another version: see `cargo tree --duplicates`"
                );
                assert!(other.contains(hint), "{other}");
                let missing = classifier![].explain(&error).to_string();
                assert!(missing.contains("give its adapter, `tungstenite = path::to::tungstenite`"), "{missing}");
            }

            #[test]
            fn after_the_goodbye() {
                let closed = error(&[0x88, 2, 0x03, 0xe8], false);
                assert_read(&GIVEN, &closed, UNKNOWN);
                assert_eq!(GIVEN.verdict(&closed).rank(), Rank::FollowOn);
            }
        }
    )*};
}

tungstenite! {
    tungstenite_0_24: tungstenite_24, not tungstenite_30;
    tungstenite_0_28: tungstenite_28, not tungstenite_24;
    tungstenite_0_29: tungstenite_29, not tungstenite_28;
    tungstenite_0_30: tungstenite_30, not tungstenite_29;
}

/// axum 0.8 depends on tungstenite 0.29, whatever other version the program has.
mod axum_08 {
    use axum::Router;
    use axum::extract::ws::WebSocketUpgrade;
    use axum::routing::any;
    use tokio::sync::mpsc;

    use super::*;

    static DIRECT: Classifier = classifier![tungstenite = tungstenite_30];
    static CARRIED: Classifier = classifier![tungstenite = tungstenite_29];
    static BOTH: Classifier = classifier![tungstenite = tungstenite_30, tungstenite = tungstenite_29];

    /// The error of axum's socket if a client sends these bytes after the handshake.
    async fn error(bytes: &'static [u8]) -> axum::Error {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let handler = move |upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(move |mut socket| async move {
                while let Some(message) = socket.recv().await {
                    if let Err(error) = message {
                        drop(sender.send(error));
                        return;
                    }
                }
            })
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, Router::new().route("/", any(handler))).await });
        let client = tokio::task::spawn_blocking(move || {
            let stream = std::net::TcpStream::connect(address).unwrap();
            let (mut socket, _) = tungstenite_30::client(format!("ws://{address}/"), stream).unwrap();
            io::Write::write_all(socket.get_mut(), bytes).unwrap();
        });
        client.await.unwrap();
        let error = receiver.recv().await.unwrap();
        server.abort();
        error
    }

    #[tokio::test]
    async fn axum_errors_are_read_with_its_version() {
        let violation = error(&[0xf1, 0x80, 0, 0, 0, 0]).await;
        assert_version(&CARRIED, &DIRECT, &violation, VIOLATION);
        assert_read(&BOTH, &violation, VIOLATION);
        // Clients that vanish are frequent, so their text is read without the version.
        let gone = error(&[]).await;
        for classifier in [&CARRIED, &DIRECT, &BOTH] {
            assert_read(classifier, &gone, GONE);
        }
    }
}

macro_rules! h2 {
    ($($version:ident: $library:ident, not $other:ident;)*) => {$(
        mod $version {
            use super::*;

            static GIVEN: Classifier = classifier![h2 = $library];
            static OTHER: Classifier = classifier![h2 = $other];

            #[tokio::test]
            async fn goaway() {
                let (client, server) = duplex(1 << 16);
                let server = async {
                    let mut connection = $library::server::handshake(server).await.unwrap();
                    connection.abrupt_shutdown($library::Reason::ENHANCE_YOUR_CALM);
                    drop(poll_fn(|cx| connection.poll_closed(cx)).await);
                    // Kept until the client has read it.
                    connection
                };
                let client = async {
                    let (_sender, connection) = $library::client::handshake(client).await.unwrap();
                    connection.await.unwrap_err()
                };
                let error = tokio::join!(client, server).0;
                assert_version(&GIVEN, &OTHER, &error, ("unknown", Some("server"), Some("overload")));
                let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&GIVEN).failed(&error);
                assert_eq!(end.code(), Some(Code::http2(11)));
            }

            #[tokio::test]
            async fn garbage() {
                let (client, mut server) = duplex(1 << 16);
                let server = async {
                    server.write_all(&[0x5a; 64]).await.unwrap();
                    server.read_to_end(&mut Vec::new()).await
                };
                let client = async {
                    let (_sender, connection) = $library::client::handshake(client).await.unwrap();
                    connection.await.unwrap_err()
                };
                let error = tokio::join!(client, server).0;
                assert_version(&GIVEN, &OTHER, &error, ("protocol_error", Some("server"), Some("too_large")));
            }
        }
    )*};
}

h2! {
    h2_0_3: h2_03, not h2_04;
    h2_0_4: h2_04, not h2_03;
}

/// A server of either version whose client sends these bytes and nothing else.
mod hyper {
    use std::convert::Infallible;

    use bytes::Bytes;
    use http_body_util::Empty;
    use hyper_util::rt::TokioIo;
    use tokio::io::DuplexStream;

    use super::*;

    static OLD: Classifier = classifier![hyper = hyper_014];
    static NEW: Classifier = classifier![hyper = hyper_1];

    async fn sent(bytes: &[u8]) -> DuplexStream {
        let (mut client, server) = duplex(1 << 16);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        // Discards the answer.
        tokio::spawn(async move { client.read_to_end(&mut Vec::new()).await });
        server
    }

    async fn old(bytes: &[u8]) -> hyper_014::Error {
        use hyper_014::service::service_fn;
        let service = service_fn(|_| async { Ok::<_, Infallible>(hyper_014::Response::new(hyper_014::Body::empty())) });
        hyper_014::server::conn::Http::new().serve_connection(sent(bytes).await, service).await.unwrap_err()
    }

    async fn new(bytes: &[u8]) -> hyper_1::Error {
        use hyper_1::service::service_fn;
        let service = service_fn(|_| async { Ok::<_, Infallible>(hyper_1::Response::new(Empty::<Bytes>::new())) });
        let io = TokioIo::new(sent(bytes).await);
        hyper_1::server::conn::http1::Builder::new().serve_connection(io, service).await.unwrap_err()
    }

    #[tokio::test]
    async fn both_versions_are_read() {
        const GARBAGE: &[u8] = b"\x16\x03\x01 garbage\r\n\r\n";
        const TRUNCATED: &[u8] = b"GET / HTTP/1.1\r\nHost";
        assert_version(&OLD, &NEW, &old(GARBAGE).await, VIOLATION);
        assert_version(&NEW, &OLD, &new(GARBAGE).await, VIOLATION);
        assert_version(&OLD, &NEW, &old(TRUNCATED).await, GONE);
        assert_version(&NEW, &OLD, &new(TRUNCATED).await, GONE);
    }

    /// The error of a connection to another server that the service uses.
    #[derive(Debug, DisconnectEvidence)]
    #[reason(ServerShutdown, side = Remote)]
    struct BackEndLeft;

    impl fmt::Display for BackEndLeft {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the back end shut down")
        }
    }

    impl Error for BackEndLeft {}

    #[tokio::test]
    async fn a_normal_end_inside_our_service_is_ignored() {
        static GIVEN: Classifier = classifier![hyper = hyper_1, BackEndLeft];
        assert!(Endpoint::SERVER_FACING_CLIENT.with_classifier(&GIVEN).failed(&BackEndLeft).expected());
        let service =
            hyper_1::service::service_fn(|_| async { Err::<hyper_1::Response<Empty<Bytes>>, _>(BackEndLeft) });
        // The client stays connected and waits for its answer.
        let (mut client, server) = duplex(1 << 16);
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let connection = hyper_1::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
        let error = connection.await.unwrap_err();
        assert_read(&GIVEN, &error, ("unknown", Some("client"), Some("internal_error")));
    }
}

/// A real handshake that the client refuses, and constructed values of the library's types.
mod quinn {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;

    use super::*;

    static OLD: Classifier = classifier![quinn = quinn_010];
    static NEW: Classifier = classifier![quinn = quinn_011];

    /// A client that trusts no certificate refuses, and its alert reaches the server.
    const REFUSED_BY_CLIENT: Read3 = ("unknown", Some("client"), Some("auth"));

    fn any_port() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    fn old_endpoints() -> (quinn_010::Endpoint, quinn_010::Endpoint) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls_021::PrivateKey(made.signing_key.serialize_der());
        let chain = vec![rustls_021::Certificate(made.cert.der().to_vec())];
        let server = quinn_010::ServerConfig::with_single_cert(chain, key).unwrap();
        let mut client = quinn_010::Endpoint::client(any_port()).unwrap();
        client.set_default_client_config(quinn_010::ClientConfig::with_root_certificates(
            rustls_021::RootCertStore::empty(),
        ));
        (client, quinn_010::Endpoint::server(server, any_port()).unwrap())
    }

    fn new_endpoints() -> (quinn_011::Endpoint, quinn_011::Endpoint) {
        use quinn_011::crypto::rustls::{QuicClientConfig, QuicServerConfig};
        use rustls_023::pki_types::PrivateKeyDer;
        use rustls_023::version::TLS13;
        let provider = Arc::new(rustls_023::crypto::ring::default_provider());
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = rustls_023::ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let server = quinn_011::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(server).unwrap()));
        let client = rustls_023::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(rustls_023::RootCertStore::empty())
            .with_no_client_auth();
        let client = quinn_011::ClientConfig::new(Arc::new(QuicClientConfig::try_from(client).unwrap()));
        let mut endpoint = quinn_011::Endpoint::client(any_port()).unwrap();
        endpoint.set_default_client_config(client);
        (endpoint, quinn_011::Endpoint::server(server, any_port()).unwrap())
    }

    #[tokio::test]
    async fn handshakes() {
        let (client, server) = old_endpoints();
        let connecting = client.connect(server.local_addr().unwrap(), "localhost").unwrap();
        let (client, server) = tokio::join!(connecting, async { server.accept().await.unwrap().await });
        assert_version(&OLD, &NEW, &client.unwrap_err(), REFUSED_BY_CLIENT);
        // This version drops and so closes the connection before the client's alert arrives.
        assert_version(&OLD, &NEW, &server.unwrap_err(), ("unknown", Some("server"), None));

        let (client, server) = new_endpoints();
        let connecting = client.connect(server.local_addr().unwrap(), "localhost").unwrap();
        let (client, server) = tokio::join!(connecting, async { server.accept().await.unwrap().await });
        assert_version(&NEW, &OLD, &client.unwrap_err(), REFUSED_BY_CLIENT);
        assert_version(&NEW, &OLD, &server.unwrap_err(), REFUSED_BY_CLIENT_SEEN_BY_SERVER);
    }

    /// All errors are read at a client of a server. This error is the other side's, so the peer is called `server`.
    const REFUSED_BY_CLIENT_SEEN_BY_SERVER: Read3 = ("unknown", Some("server"), Some("auth"));

    macro_rules! own_types {
        ($($test:ident: $library:ident, $given:ident, not $other:ident;)*) => {$(
            #[test]
            fn $test() {
                use $library::{
                    ConnectionError, ReadError, ReadExactError, ReadToEndError, SendDatagramError, StoppedError,
                    VarInt, WriteError,
                };
                const IDLE: Read3 = ("network_error", Some("network"), Some("idle_timeout"));
                assert_version(&$given, &$other, &ConnectionError::TimedOut, IDLE);
                assert_version(&$given, &$other, &ConnectionError::Reset, RESET);
                assert_version(&$given, &$other, &ReadError::ConnectionLost(ConnectionError::TimedOut), IDLE);
                let lost = || ReadError::ConnectionLost(ConnectionError::TimedOut);
                assert_version(&$given, &$other, &ReadExactError::ReadError(lost()), IDLE);
                assert_version(&$given, &$other, &ReadToEndError::Read(lost()), IDLE);
                assert_version(&$given, &$other, &StoppedError::ConnectionLost(ConnectionError::TimedOut), IDLE);
                assert_version(&$given, &$other, &ReadToEndError::TooLong, TOO_LARGE);
                assert_version(&$given, &$other, &SendDatagramError::ConnectionLost(ConnectionError::TimedOut), IDLE);
                let ours = ("unknown", Some("client"), Some("too_large"));
                assert_version(&$given, &$other, &SendDatagramError::TooLarge, ours);
                let mismatch = ("protocol_error", Some("client"), Some("negotiation"));
                assert_version(&$given, &$other, &SendDatagramError::UnsupportedByPeer, mismatch);
                let refused = ("unknown", Some("server"), Some("policy"));
                assert_version(&$given, &$other, &ReadError::ZeroRttRejected, refused);
                assert_version(&$given, &$other, &WriteError::ZeroRttRejected, refused);
                assert_version(&$given, &$other, &StoppedError::ZeroRttRejected, refused);
                let misused = ReadError::IllegalOrderedRead;
                assert_version(&$given, &$other, &misused, ("unknown", Some("client"), None));
                assert_eq!($given.verdict(&misused).rank(), Rank::FollowOn);
                // The form of `AsyncRead`. Without the adapter it is a follow-on error.
                let error = io::Error::from(ReadError::ConnectionLost(ConnectionError::TimedOut));
                assert_version(&$given, &$other, &error, IDLE);
                for error in [
                    Box::new(ReadError::Reset(VarInt::from_u32(9))) as Box<dyn Error>,
                    Box::new(WriteError::Stopped(VarInt::from_u32(9))),
                ] {
                    let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&$given).failed(&*error);
                    assert_eq!(end.code(), Some(Code::quic_application(9)));
                    assert_version(&$given, &$other, &*error, ("unknown", Some("server"), None));
                }
            }
        )*};
    }

    #[test]
    fn a_closed_or_short_stream_is_read() {
        let closed = quinn_011::ReadError::ClosedStream;
        for classifier in [&NEW, &OLD] {
            // Also by its text: `finish` returns it as a type that version 0.10 does not have.
            assert_read(classifier, &closed, ("unknown", Some("client"), None));
        }
        assert_version(&NEW, &OLD, &quinn_011::ReadExactError::FinishedEarly(3), GONE);
        assert_version(&OLD, &NEW, &quinn_010::ReadExactError::FinishedEarly, GONE);
        // As an `io::Error` it is recognized by its kind.
        assert_eq!(NEW.verdict(&io::Error::from(closed)).rank(), Rank::FollowOn);
    }

    own_types! {
        types_of_010: quinn_010, OLD, not NEW;
        types_of_011: quinn_011, NEW, not OLD;
    }
}

macro_rules! rustls {
    ($($version:ident: $library:ident, not $other:ident;)*) => {$(
        mod $version {
            use std::sync::Arc;

            use $library::crypto::ring::default_provider;
            use $library::{ClientConfig, ClientConnection, RootCertStore};

            use super::*;

            static GIVEN: Classifier = classifier![rustls = $library];
            static OTHER: Classifier = classifier![rustls = $other];

            /// The error of a client that receives this answer to its first message.
            fn error(mut bytes: &[u8]) -> $library::Error {
                let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                    .with_safe_default_protocol_versions()
                    .unwrap()
                    .with_root_certificates(RootCertStore::empty())
                    .with_no_client_auth();
                let name = "localhost".try_into().unwrap();
                let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
                connection.read_tls(&mut bytes).unwrap();
                connection.process_new_packets().unwrap_err()
            }

            #[test]
            fn alerts() {
                for (alert, expected) in [
                    (48, ("unknown", Some("server"), Some("auth"))),
                    (70, ("protocol_error", Some("server"), Some("negotiation"))),
                    (80, ("unknown", Some("server"), Some("internal_error"))),
                ] {
                    let error = error(&[21, 3, 3, 0, 2, 2, alert]);
                    assert_version(&GIVEN, &OTHER, &error, expected);
                    let wrapped = io::Error::other(error);
                    assert_version(&GIVEN, &OTHER, &wrapped, expected);
                    let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&GIVEN).failed(&wrapped);
                    assert_eq!(end.code(), Some(Code::tls(alert)));
                }
            }

            #[test]
            fn garbage() {
                assert_version(&GIVEN, &OTHER, &error(b"HTTP/1.1 400 Bad Request\r\n\r\n"), VIOLATION);
            }
        }
    )*};
}

rustls! {
    rustls_0_22: rustls_022, not rustls_023;
    rustls_0_23: rustls_023, not rustls_022;
}

mod the_others {
    use std::time::Duration;

    use super::*;

    static NONE: Classifier = classifier![];

    #[test]
    fn tonic_014() {
        static GIVEN: Classifier = classifier![tonic = tonic, hyper = hyper_1, h2 = h2_04];
        let calm = ("unknown", Some("server"), Some("overload"));
        assert_version(&GIVEN, &NONE, &disconnect_adapter_versions::three_levels(), calm);
        // A status without a source came from the peer's trailers.
        let refused = tonic::Status::unauthenticated("who are you?");
        assert_version(&GIVEN, &NONE, &refused, ("unknown", Some("server"), Some("auth")));
    }

    #[test]
    fn russh_065() {
        static GIVEN: Classifier = classifier![russh = russh];
        assert_version(&GIVEN, &NONE, &russh::Error::PacketSize(1 << 30), VIOLATION);
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        assert_version(&GIVEN, &NONE, &russh::Error::IO(reset()), RESET);
        assert_version(&GIVEN, &NONE, &russh::Error::from(russh::keys::Error::IO(reset())), RESET);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn tokio_1() {
        static GIVEN: Classifier = classifier![tokio = tokio];
        let elapsed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
        // The text alone identifies it, so that a call site without the adapter gets the same line.
        for classifier in [&GIVEN, &EVERY_VERSION, &NONE] {
            assert_read(classifier, &elapsed, ("network_error", Some("network"), Some("deadline")));
        }
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        assert_version(&GIVEN, &NONE, &task.await.unwrap_err(), ("unknown", Some("client"), Some("dropped")));
    }
}

/// A handler also returns errors of a back end's connection with `?`. A goodbye inside them is not the client's.
#[test]
fn a_goodbye_in_an_error_counts_only_if_this_side_connected() {
    use quinn_011::{ConnectionClose, ConnectionError, TransportErrorCode};

    let closed = ConnectionError::ConnectionClosed(ConnectionClose {
        error_code: TransportErrorCode::NO_ERROR,
        frame_type: None,
        reason: bytes::Bytes::new(),
    });
    let cancelled = rustls_023::Error::AlertReceived(rustls_023::AlertDescription::UserCanceled);
    let goaway = goaway_of_h2();
    let errors: [&(dyn Error + 'static); 3] = [&closed, &cancelled, &goaway];
    let read = |end: Endpoint, error: &(dyn Error + 'static)| {
        let end = end.with_classifier(&EVERY_VERSION).failed(error);
        (end.expected(), end.initiator().map(Category::as_str), end.code().is_some())
    };
    for error in errors {
        for end in [Endpoint::SERVER_FACING_CLIENT, Endpoint::AGENT_FACING_CLIENT, Endpoint::SERVER_FACING_AGENT] {
            assert_eq!(read(end, error), (false, Some(""), true), "{error:?}");
        }
        assert!(read(Endpoint::SERVER_FACING_CLIENT.error_may_be_goodbye(), error).0, "{error:?}");
    }
    assert!(read(Endpoint::CLIENT_FACING_SERVER, &closed).0);
    assert!(read(Endpoint::AGENT_FACING_SERVER, &goaway).0);
    // Only a cancel by a client is normal.
    assert!(!read(Endpoint::AGENT_FACING_SERVER, &cancelled).0);
}

/// The server of a call creates the status. An error with the status `OK` is not a normal end.
#[test]
fn a_status_is_by_the_server_of_the_call() {
    let read = |end: Endpoint, status: tonic::Status| {
        let end = end.with_classifier(&EVERY_VERSION).failed(&status);
        (end.reason().as_str(), end.initiator().map(Category::as_str))
    };
    for (status, reason) in [
        (tonic::Status::internal(""), "unknown"),
        (tonic::Status::unavailable(""), "network_error"),
        (tonic::Status::deadline_exceeded(""), "network_error"),
        (tonic::Status::cancelled(""), "unknown"),
        (tonic::Status::ok(""), "unknown"),
    ] {
        assert_eq!(read(Endpoint::SERVER_FACING_CLIENT, status.clone()), (reason, Some("server")), "{status:?}");
        let received = read(Endpoint::CLIENT_FACING_SERVER, status.clone());
        let by = if status.code() == tonic::Code::Unavailable { "network" } else { "server" };
        assert_eq!(received, (reason, Some(by)), "{status:?}");
    }
}

/// tonic's server answers a call whose deadline has passed with `CANCELLED`, and a message above the limit with
/// `OUT_OF_RANGE`. An application uses both codes for other things.
#[test]
fn a_status_of_tonic_itself_is_read_by_its_text() {
    let read = |status: tonic::Status| {
        let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&EVERY_VERSION).failed(&status);
        let text = |category: Option<&'static Category>| category.map_or("", Category::as_str);
        (end.reason().as_str(), text(end.initiator()), text(end.cause()), end.code())
    };
    let deadline = ("network_error", "network", "deadline", Some(Code::grpc(1)));
    assert_eq!(read(tonic::Status::cancelled("Timeout expired")), deadline);
    assert_eq!(read(tonic::Status::cancelled("Timeout")), ("unknown", "server", "", Some(Code::grpc(1))));
    let too_large = "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes";
    assert_eq!(read(tonic::Status::out_of_range(too_large)), ("protocol_error", "", "too_large", Some(Code::grpc(11))));
    assert_eq!(read(tonic::Status::out_of_range("page 7")), ("unknown", "server", "", Some(Code::grpc(11))));
}

/// The error of a client whose server goes away with `NO_ERROR`.
fn goaway_of_h2() -> h2_04::Error {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (client, server) = duplex(1 << 16);
        let server = async {
            let mut connection = h2_04::server::handshake(server).await.unwrap();
            connection.abrupt_shutdown(h2_04::Reason::NO_ERROR);
            drop(poll_fn(|cx| connection.poll_closed(cx)).await);
            connection
        };
        let client = async {
            let (sender, connection) = h2_04::client::handshake(client).await.unwrap();
            let connection = tokio::spawn(connection);
            let error = match sender.ready().await {
                Ok(mut sender) => {
                    let (response, _) = sender.send_request(http_request(), true).unwrap();
                    response.await.unwrap_err()
                }
                Err(error) => error,
            };
            connection.abort();
            error
        };
        tokio::join!(client, server).0
    })
}

fn http_request() -> http::Request<()> {
    http::Request::builder().uri("http://localhost/").body(()).unwrap()
}
