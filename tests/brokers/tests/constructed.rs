//! The adapters with errors that the libraries make here, without a server. `.ci/run` runs these; `src` uses real
//! servers.

use std::error::Error;
use std::io::{self, ErrorKind};

use disconnect_brokers::EVERY_VERSION;
use disconnect_core::evidence::Conformance;
use disconnect_core::{Category, Classifier, Endpoint, classifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Reason, initiator and cause, at a client of a server.
type Read3<'a> = (&'a str, &'a str, &'a str);

const LOST: Read3<'_> = ("network_error", "network", "unclean_eof");
const MALFORMED: Read3<'_> = ("protocol_error", "server", "malformed");
const REFUSED: Read3<'_> = ("unknown", "server", "auth");

/// Checks the classifier that lists every version.
#[track_caller]
fn assert_read(error: &(dyn Error + 'static), expected: Read3<'_>) {
    let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&EVERY_VERSION).failed(error);
    let read =
        (end.reason().as_str(), end.initiator().map_or("", Category::as_str), end.cause().map_or("", Category::as_str));
    assert_eq!(read, expected, "{}", EVERY_VERSION.explain(error));
}

fn conformance(classifier: &'static Classifier) -> Conformance {
    Conformance::new(classifier).counting(|run| allocation_counter::measure(run).count_total)
}

/// An `ErrorResponse` of PostgreSQL's protocol, version 3.
fn error_response(state: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{state}\0Mthe text of the server\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
    [b"E", length.as_slice(), fields.as_bytes()].concat()
}

/// A server that reads once, answers and closes.
async fn server(answer: Vec<u8>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        _ = socket.read(&mut [0; 1 << 12]).await;
        socket.write_all(&answer).await.unwrap();
        // Waits until the client has closed too, so that the close is not a reset.
        socket.shutdown().await.unwrap();
        _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
    });
    address
}

/// SQLSTATEs and the attribution at a client. None is a normal end.
const STATES: &[(&str, Read3<'_>)] = &[
    ("57P01", ("unknown", "server", "kicked")),
    ("57P02", ("unknown", "server", "crash")),
    ("57P03", ("unknown", "server", "restart")),
    ("57P05", ("unknown", "server", "idle_timeout")),
    ("25P03", ("unknown", "server", "idle_timeout")),
    ("08006", LOST),
    ("08P01", ("protocol_error", "client", "")),
    ("28P01", REFUSED),
    ("28000", REFUSED),
    ("53300", ("unknown", "server", "limit")),
    ("53200", ("unknown", "server", "out_of_resources")),
    ("42601", ("unknown", "server", "")),
];

mod tokio_postgres_07 {
    use tokio_postgres::{Config, NoTls};

    use super::*;

    async fn error(answer: Vec<u8>) -> tokio_postgres::Error {
        let socket = TcpStream::connect(server(answer).await).await.unwrap();
        Config::new().user("admin").connect_raw(socket, NoTls).await.map(drop).unwrap_err()
    }

    #[tokio::test]
    async fn conforms() {
        static GIVEN: Classifier = classifier![tokio_postgres = tokio_postgres];
        let mut check = conformance(&GIVEN);
        for (state, expected) in STATES {
            let error = error(error_response(state)).await;
            assert_read(&error, *expected);
            check = check.fault(state, &error);
        }
        let (garbage, eof) = (error(vec![0xff; 64]).await, error(Vec::new()).await);
        assert_read(&garbage, MALFORMED);
        assert_read(&eof, LOST);
        check.fault("garbage", &garbage).follows("connection closed", &eof).assert();
    }
}

macro_rules! sqlx {
    ($($module:ident: $sqlx:ident;)*) => {$(
        mod $module {
            use $sqlx::ConnectOptions;
            use $sqlx::postgres::{PgConnectOptions, PgSslMode};

            use super::*;

            async fn error(answer: Vec<u8>) -> $sqlx::Error {
                let options = PgConnectOptions::new_without_pgpass()
                    .host("127.0.0.1")
                    .port(server(answer).await.port())
                    .ssl_mode(PgSslMode::Disable);
                options.connect().await.map(drop).unwrap_err()
            }

            #[tokio::test]
            async fn conforms() {
                static GIVEN: Classifier = classifier![sqlx = $sqlx];
                let mut check = conformance(&GIVEN);
                for (state, expected) in STATES {
                    let error = error(error_response(state)).await;
                    assert_read(&error, *expected);
                    check = check.fault(state, &error);
                }
                assert_read(&error(vec![0xff; 64]).await, MALFORMED);
                assert_read(&error(Vec::new()).await, LOST);
                check
                    .fault("no free connection", &$sqlx::Error::PoolTimedOut)
                    .fault("a crashed worker", &$sqlx::Error::WorkerCrashed)
                    .fault("garbage", &error(vec![0xff; 64]).await)
                    .follows("a closed pool", &$sqlx::Error::PoolClosed)
                    .follows("no TLS", &$sqlx::Error::Tls("server does not support TLS".into()))
                    .wraps("the transport", $sqlx::Error::Io)
                    .assert();
            }
        }
    )*};
}

sqlx! {
    sqlx_0_7: sqlx_07;
    sqlx_0_8: sqlx_08;
    sqlx_0_9: sqlx_09;
}

macro_rules! redis {
    ($($module:ident: $redis:ident, $parse:ident, $response:expr;)*) => {$(
        mod $module {
            use $redis::{ErrorKind as Kind, RedisError};

            use super::*;

            #[test]
            fn conforms() {
                static GIVEN: Classifier = classifier![redis = $redis];
                let refused = RedisError::from((Kind::AuthenticationFailed, "Password authentication failed"));
                let full = ($response, "An error was signalled by the server", "max number of clients reached".into());
                let full = RedisError::from(full);
                let malformed = RedisError::from((Kind::$parse, "parse error"));
                assert_read(&refused, REFUSED);
                assert_read(&malformed, MALFORMED);
                assert_read(&RedisError::from(io::Error::from(ErrorKind::BrokenPipe)), LOST);
                assert_read(&RedisError::from(io::Error::from(ErrorKind::UnexpectedEof)), LOST);
                assert_read(&RedisError::from(io::Error::from_raw_os_error(104)), ("network_error", "network", "reset"));
                let late = RedisError::from(io::Error::from(ErrorKind::WouldBlock));
                assert_read(&late, ("network_error", "network", "deadline"));
                conformance(&GIVEN)
                    .fault("a wrong password", &refused)
                    .fault("too many clients", &full)
                    .fault("garbage", &malformed)
                    .follows("the driver is gone", &RedisError::from(io::Error::from(ErrorKind::BrokenPipe)))
                    .assert();
            }
        }
    )*};
}

redis! {
    redis_0_25: redis_025, ParseError, redis_025::ErrorKind::ResponseError;
    redis_0_27: redis_027, ParseError, redis_027::ErrorKind::ResponseError;
    redis_0_32: redis_032, ParseError, redis_032::ErrorKind::ResponseError;
    redis_v1: redis_1, Parse, redis_1::ErrorKind::Server(redis_1::ServerErrorKind::ResponseError);
}

/// Since 0.32, the error exposes its inner error. A command before the login is rejected with its code.
#[test]
fn redis_errors_expose_their_source() {
    static GIVEN: Classifier = classifier![redis = redis_032, redis = redis_1];
    assert_read(&redis_032::make_extension_error("NOAUTH".into(), None), REFUSED);
    assert_read(&redis_1::make_extension_error("NOAUTH".into(), None), REFUSED);
    conformance(&GIVEN)
        .wraps("the transport, 0.32", redis_032::RedisError::from)
        .wraps("the transport, 1", redis_1::RedisError::from)
        .assert();
}

macro_rules! lapin {
    ($($module:ident: $lapin:ident, $kind:ident;)*) => {$(
        mod $module {
            use $lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};
            use $lapin::{ConnectionState, Error, $kind};

            use super::*;

            fn said(kind: impl Into<AMQPErrorKind>, text: &str) -> Error {
                Error::from($kind::ProtocolError(AMQPError::new(kind.into(), text.into())))
            }

            #[test]
            fn conforms() {
                static GIVEN: Classifier = classifier![lapin = $lapin];
                let shutdown = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";
                let shutdown = said(AMQPHardError::CONNECTIONFORCED, shutdown);
                let kicked = said(AMQPHardError::CONNECTIONFORCED, "CONNECTION_FORCED - maintenance");
                let eof = Error::from(io::Error::from(io::ErrorKind::ConnectionAborted));
                assert_read(&shutdown, ("server_shutdown", "server", ""));
                assert_read(&kicked, ("unknown", "server", "kicked"));
                assert_read(&said(AMQPSoftError::ACCESSREFUSED, ""), REFUSED);
                assert_read(&said(AMQPHardError::FRAMEERROR, ""), ("protocol_error", "client", "malformed"));
                assert_read(&eof, LOST);
                let heartbeat = Error::from($kind::MissingHeartbeatError);
                let closed = Error::from($kind::InvalidConnectionState(ConnectionState::Closed));
                assert_read(&heartbeat, ("network_error", "network", "keepalive_timeout"));
                conformance(&GIVEN)
                    .goodbye("the broker shuts down", &shutdown)
                    .fault("closed by an operator", &kicked)
                    .fault("refused", &said(AMQPSoftError::ACCESSREFUSED, ""))
                    .fault("internal error", &said(AMQPHardError::INTERNALERROR, ""))
                    .fault("an end of file", &eof)
                    .fault("a missed heartbeat", &heartbeat)
                    .follows("used after close", &closed)
                    .wraps("the transport", Error::from)
                    .assert();
            }
        }
    )*};
}

lapin! {
    lapin_v3: lapin_3, ErrorKind;
    lapin_v4: lapin_4, ErrorKind;
}

mod lapin_v2 {
    use lapin_2::protocol::{AMQPError, AMQPHardError};
    use lapin_2::{ConnectionState, Error};

    use super::*;

    #[test]
    fn conforms() {
        static GIVEN: Classifier = classifier![lapin = lapin_2];
        let kicked = AMQPError::new(AMQPHardError::CONNECTIONFORCED.into(), "CONNECTION_FORCED - maintenance".into());
        conformance(&GIVEN)
            .fault("closed by an operator", &Error::ProtocolError(kicked))
            .fault("an end of file", &Error::from(io::Error::from(ErrorKind::ConnectionAborted)))
            .fault("a missed heartbeat", &Error::MissingHeartbeatError)
            .follows("used after close", &Error::InvalidConnectionState(ConnectionState::Closed))
            .wraps("the transport", Error::from)
            .assert();
    }
}

macro_rules! rumqttc {
    ($($module:ident: $rumqttc:ident;)*) => {$(
        mod $module {
            use $rumqttc::v5::mqttbytes::v5::DisconnectReasonCode as Code;
            use $rumqttc::{ConnectReturnCode, ConnectionError, StateError, v5};

            use super::*;

            fn disconnect(reason_code: Code) -> v5::ConnectionError {
                v5::StateError::ServerDisconnect { reason_code, reason_string: None }.into()
            }

            #[test]
            fn conforms() {
                static GIVEN: Classifier = classifier![rumqttc = $rumqttc];
                let ping = ConnectionError::from(StateError::AwaitPingResp);
                let refused = ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword);
                assert_read(&ping, ("network_error", "network", "keepalive_timeout"));
                assert_read(&refused, REFUSED);
                assert_read(&disconnect(Code::SessionTakenOver), ("unknown", "server", "replaced"));
                assert_read(&disconnect(Code::ServerShuttingDown), ("server_shutdown", "server", ""));
                assert_read(&ConnectionError::NetworkTimeout, ("network_error", "network", "deadline"));
                let aborted = || io::Error::from(ErrorKind::ConnectionAborted);
                assert_read(&ConnectionError::from(StateError::Io(aborted())), LOST);
                assert_read(&v5::ConnectionError::from(v5::StateError::Io(aborted())), LOST);
                conformance(&GIVEN)
                    .goodbye("the server stops", &disconnect(Code::ServerShuttingDown))
                    .fault("another client took the session", &disconnect(Code::SessionTakenOver))
                    .fault("a missed ping", &ping)
                    .fault("a wrong password", &refused)
                    .fault("a packet that was not asked for", &ConnectionError::from(StateError::Unsolicited(1)))
                    .follows("every client is gone", &ConnectionError::RequestsDone)
                    .wraps("the transport, MQTT 3.1.1", ConnectionError::Io)
                    .wraps("the transport, MQTT 5", v5::ConnectionError::Io)
                    .wraps("the state, MQTT 5", |inside| v5::ConnectionError::from(v5::StateError::Io(inside)))
                    .assert();
            }
        }
    )*};
}

rumqttc! {
    rumqttc_0_24: rumqttc_024;
    rumqttc_0_25: rumqttc_025;
}

mod quinn_forks {
    use super::*;

    #[test]
    fn conform() {
        static NOQ: Classifier = classifier![quinn = noq];
        static IROH: Classifier = classifier![quinn = iroh_quinn];
        let lost = || noq::ReadError::ConnectionLost(noq::ConnectionError::TimedOut);
        conformance(&NOQ).fault("silence", &lost()).fault("as an I/O error", &io::Error::from(lost())).assert();
        let lost = || iroh_quinn::ReadError::ConnectionLost(iroh_quinn::ConnectionError::TimedOut);
        conformance(&IROH).fault("silence", &lost()).fault("as an I/O error", &io::Error::from(lost())).assert();
        assert_read(&lost(), ("network_error", "network", "idle_timeout"));
    }
}

mod s2n {
    use s2n_quic_core::endpoint::Location;
    use s2n_quic_core::frame::ConnectionClose;
    use s2n_quic_core::varint::VarInt;

    use super::*;
    use disconnect_brokers::s2n_quic;
    use disconnect_brokers::s2n_quic::connection::Error as Closed;

    /// The error for a close by the peer: an application or a transport close.
    fn close(code: u32, is_transport: bool) -> Closed {
        let frame_type = is_transport.then_some(VarInt::from_u8(0));
        ConnectionClose { error_code: VarInt::from_u32(code), frame_type, reason: None }.into()
    }

    #[test]
    fn conforms() {
        static GIVEN: Classifier = classifier![s2n_quic = s2n_quic];
        assert_read(&close(2, true), ("unknown", "server", "limit"));
        // The application's own code, and a clean close. Without the adapter, the clean close looks like an aborted
        // connection.
        assert_read(&close(7, false), ("unknown", "server", ""));
        let clean = io::Error::from(Closed::closed(Location::Remote));
        assert_read(&clean, ("unknown", "server", ""));
        assert_read(&io::Error::from(Closed::idle_timer_expired()), ("network_error", "network", "idle_timeout"));
        conformance(&GIVEN)
            .fault("the peer refuses", &close(2, true))
            .fault("a code of the application", &close(7, false))
            .fault("closed by the peer", &clean)
            .fault("silence", &Closed::idle_timer_expired())
            .fault("a stateless reset", &Closed::stateless_reset())
            .fault("a stream of it", &s2n_quic::stream::Error::from(Closed::idle_timer_expired()))
            .follows("closed by us", &Closed::closed(Location::Local))
            .assert();
    }
}
