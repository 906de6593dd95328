//! Codes of a `DisconnectCode` enum: by role, by direction, through a classifier, and expected only for a goodbye.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error;
use std::fmt;

use disconnect_core::evidence::{AnyCode, CodeReader, Rank, Reading, Side, Verdict, own_codes};
use disconnect_core::{
    Category, Classifier, Code, Disconnect, DisconnectCause, DisconnectCode, DisconnectEvidence, DisconnectField,
    DisconnectGuard, DisconnectInitiator, DisconnectReason, Endpoint, Protocol, Shutdown, classifier, disconnected,
    testing,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
    #[code(4001)]
    #[goodbye(GoingAway, cause = Restart)]
    Restarting,
    #[code(4002)]
    #[goodbye(Cancelled)]
    Cancelled,
    #[code(0xfa3, name = "AUTH_FAILED")]
    #[reason(Unknown, cause = Auth)]
    AuthFailed,
    #[code(4_004)]
    #[reason(ProtocolError, cause = Malformed)]
    BadFrame,
    #[code(4005)]
    #[reason(ProtocolError, side = Sender, cause = Negotiation)]
    Mismatch,
    #[code(4006)]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    Silent,
    #[code(4007)]
    #[reason(NetworkError, side = Sender, cause = Unreachable, rank = Transport)]
    BackEndLost,
    #[code(4008)]
    #[reason(Unknown, by = Client, cause = Replaced)]
    Elsewhere,
    #[code(4009)]
    #[reason(Leave::Kicked, cause = Why::Spam)]
    Spam,
    #[code(4010)]
    #[reason(Leave::Moved)]
    Moved,
    #[code(4011)]
    #[reason(DisconnectReason::WorkspaceStopped)]
    Stopped,
    #[code(3500)]
    #[reason(Unknown, side = Unknown)]
    Odd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    Kicked,
    #[expected]
    Moved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_cause")]
enum Why {
    Spam,
}

/// Text codes, and both kinds in one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes("nats")]
enum Nats {
    #[code("stale")]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    Stale,
    #[code("authorization-violation")]
    #[reason(Unknown, cause = Auth)]
    AuthorizationViolation,
    #[code(-7)]
    #[reason(Unknown)]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(sqlstate)]
enum Database {
    #[code("MYAP1")]
    #[reason(Unknown, cause = Policy)]
    TenantGone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(exit)]
enum Job {
    #[code(75)]
    #[goodbye(Closed, cause = Limit)]
    Requeue,
    #[code(255)]
    #[reason(Unknown, cause = Kicked)]
    Evicted,
}

const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT;
const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER;

/// Reason, initiator and cause, as logged.
fn told(end: &Disconnect) -> (&str, &str, &str) {
    let text = |row: Option<&'static Category>| row.map_or("", Category::as_str);
    (end.reason().as_str(), text(end.initiator()), text(end.cause()))
}

#[test]
fn every_code_has_a_meaning_by_role_and_direction() {
    for (code, by_server, by_client) in [
        (Gateway::Done, ("graceful", "server", ""), ("client_closed", "client", "")),
        (Gateway::Restarting, ("server_shutdown", "server", "restart"), ("client_closed", "client", "restart")),
        (Gateway::Cancelled, ("unknown", "server", ""), ("client_closed", "client", "")),
        (Gateway::AuthFailed, ("unknown", "server", "auth"), ("unknown", "client", "auth")),
        (Gateway::BadFrame, ("protocol_error", "client", "malformed"), ("protocol_error", "server", "malformed")),
        (Gateway::Mismatch, ("protocol_error", "server", "negotiation"), ("protocol_error", "client", "negotiation")),
        (
            Gateway::Silent,
            ("network_error", "network", "keepalive_timeout"),
            ("network_error", "network", "keepalive_timeout"),
        ),
        (Gateway::BackEndLost, ("network_error", "server", "unreachable"), ("network_error", "client", "unreachable")),
        (Gateway::Elsewhere, ("unknown", "client", "replaced"), ("unknown", "client", "replaced")),
        (Gateway::Spam, ("kicked", "server", "spam"), ("kicked", "client", "spam")),
        (Gateway::Moved, ("moved", "server", ""), ("moved", "client", "")),
        (Gateway::Stopped, ("workspace_stopped", "server", ""), ("workspace_stopped", "client", "")),
        // An unknown side.
        (Gateway::Odd, ("unknown", "", ""), ("unknown", "", "")),
    ] {
        for (end, expected) in [
            (CLIENT.received(code), by_server),
            (SERVER.sent(code), by_server),
            (SERVER.received(code), by_client),
            (CLIENT.sent(code), by_client),
        ] {
            assert_eq!(told(&end), expected, "{code:?}");
            assert_eq!(end.code(), Some(code.code()));
        }
        assert!(code.received().is_said_by_peer() && !code.sent().is_said_by_peer(), "{code:?}");
        let rank = if code == Gateway::BackEndLost { Rank::Transport } else { Rank::Stated };
        assert_eq!((code.received().rank(), code.sent().rank()), (rank, rank), "{code:?}");
    }
}

/// The main rule of the library: never guess towards normal.
#[test]
fn a_function_may_take_any_code() {
    fn of(endpoint: Endpoint, code: impl AnyCode + Copy) {
        assert_eq!(endpoint.received(code), endpoint.resolve(code.when_received()));
        assert_eq!(endpoint.sent(code), endpoint.resolve(code.when_sent()));
    }
    for endpoint in [Endpoint::CLIENT_FACING_SERVER, Endpoint::SERVER_FACING_CLIENT] {
        for own in Gateway::ALL {
            of(endpoint, *own);
            assert_eq!((own.when_received(), own.when_sent()), (own.received(), own.sent()));
            of(endpoint, own.code());
        }
        of(endpoint, Code::websocket(1001));
    }
    let standard = Code::websocket(1001);
    assert_eq!((standard.when_received(), standard.when_sent()), (standard.received(), standard.sent()));
}

#[test]
fn only_a_goodbye_is_a_normal_end() {
    let goodbyes = [Gateway::Done, Gateway::Restarting, Gateway::Cancelled, Gateway::Moved, Gateway::Stopped];
    for &code in Gateway::ALL {
        let ends = [CLIENT.received(code), CLIENT.sent(code), SERVER.received(code), SERVER.sent(code)];
        assert_eq!(ends.iter().any(Disconnect::expected), goodbyes.contains(&code), "{code:?}");
    }
    assert!(Nats::ALL.iter().all(|&code| !CLIENT.received(code).expected() && !SERVER.sent(code).expected()));
}

#[test]
fn a_set_has_codes_names_and_a_protocol() {
    assert_eq!((Gateway::PROTOCOL, Nats::PROTOCOL), (Protocol::WebSocket, Protocol::Own(&"nats")));
    assert_eq!(Gateway::ALL.len(), 13);
    for &code in Gateway::ALL {
        assert_eq!(Gateway::from_code(code.code()), Some(code));
    }
    for &code in Nats::ALL {
        assert_eq!(Nats::from_code(code.code()), Some(code));
    }
    assert_eq!((Gateway::AuthFailed.code(), Gateway::AuthFailed.name()), (Code::websocket(4003), "AUTH_FAILED"));
    assert_eq!(Gateway::BadFrame.name(), "bad_frame");
    for stranger in [
        Code::websocket(4999),
        Code::websocket(1000),
        Code::quic_application(4000),
        Code::from_number(Protocol::Own(&"gateway"), 4000).unwrap(),
    ] {
        assert_eq!(Gateway::from_code(stranger), None, "{stranger}");
    }

    // A text from a literal equals a text from the wire.
    assert_eq!(Code::from_text(Protocol::Own(&"nats"), "stale"), Some(Nats::Stale.code()));
    assert_eq!(Nats::AuthorizationViolation.code().text(), Some("authorization-violation"));
    let logged = Nats::ALL.iter().map(|code| code.code().to_string()).collect::<Vec<_>>();
    assert_eq!(logged, ["nats.stale", "nats.authorization-violation", "nats.-7"]);
    // Only codes of built-in protocols parse.
    assert!(logged.iter().all(|text| text.parse::<Code>().is_err()));
    assert_eq!("websocket.4003".parse(), Ok(Gateway::AuthFailed.code()));
    assert_eq!("sqlstate.MYAP1".parse(), Ok(Database::TenantGone.code()));
}

/// The longest possible code.
#[test]
fn the_longest_code_is_logged_completely() {
    #[derive(Clone, Copy, DisconnectCode)]
    #[codes("a_name_of_24_bytes_in_al")]
    enum Longest {
        #[code("a-text-of-thirty-two-bytes-in-al")]
        #[reason(Unknown)]
        Text,
        #[code(-4611686018427387903)]
        #[reason(Unknown)]
        Number,
    }
    for code in Longest::ALL {
        let seen = testing::capture(|| disconnected!(CLIENT.received(*code), "closed")).one();
        assert_eq!(seen.code(), Some(code.code().to_string().as_str()));
    }
}

static CLASSIFIER: Classifier =
    classifier![codes = Gateway, codes = Nats, codes = Job, reader = closed, anyhow = anyhow];

/// What an adapter returns for a close frame: only the number is known.
#[derive(Debug)]
struct Closed(Code);

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed")
    }
}

impl Error for Closed {}

fn closed<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    Reading::from(error.downcast_ref::<Closed>().map(|Closed(code)| code.received()))
}

/// A handler of this side failed because another connection was closed.
#[derive(Debug)]
struct Failed(Closed);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler failed")
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn failed<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let internal = Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::InternalError);
    match error.downcast_ref::<Failed>() {
        Some(_) => Reading::failure(internal),
        None => closed(error),
    }
}

#[test]
fn a_classifier_gives_a_bare_code_its_meaning() {
    let (client, server) = (CLIENT.with_classifier(&CLASSIFIER), SERVER.with_classifier(&CLASSIFIER));
    for &code in Gateway::ALL {
        for end in [client.received(code.code()), client.failed(&Closed(code.code())), client.resolve(code.received())]
        {
            assert_eq!(end, CLIENT.received(code), "{code:?}");
        }
        assert_eq!(server.sent(code.code()), SERVER.sent(code), "{code:?}");
    }
    assert_eq!(client.received(Nats::Stale.code()), CLIENT.received(Nats::Stale));
    // Without the set, the code is unknown.
    assert_eq!(told(&CLIENT.received(Gateway::Done.code())), ("unknown", "server", ""));
    // A code that no set has, and a registered code.
    assert_eq!(told(&client.received(Code::websocket(4999))), ("unknown", "server", ""));
    assert_eq!(told(&client.received(Code::websocket(1001))), ("server_shutdown", "server", ""));
}

#[test]
fn a_more_specific_verdict_stays() {
    #[derive(Debug, DisconnectEvidence)]
    #[reason(ProtocolError, side = Remote, code = Gateway::Done.code())]
    struct Stated;

    let client = CLIENT.with_classifier(&CLASSIFIER);
    let end = client.resolve(Stated.verdict());
    assert_eq!((told(&end), end.code()), (("protocol_error", "server", ""), Some(Gateway::Done.code())));
    let kicked = Gateway::Done.code().received().with_cause(DisconnectCause::Kicked);
    assert_eq!(told(&client.resolve(kicked)), ("unknown", "server", "kicked"));
    let weak = Gateway::Done.code().received().with_rank(Rank::FollowOn);
    assert_eq!(told(&client.resolve(weak)), ("unknown", "server", ""));
}

/// A goodbye on another connection does not make a failure of this side a normal end.
#[test]
fn a_goodbye_inside_a_failure_is_ignored() {
    static FAILING: Classifier = classifier![codes = Gateway, reader = failed];
    let client = CLIENT.with_classifier(&FAILING);
    assert!(client.failed(&Closed(Gateway::Done.code())).expected());
    let end = client.failed(&Failed(Closed(Gateway::Done.code())));
    assert_eq!((told(&end), end.expected()), (("unknown", "client", "internal_error"), false));
    // A fault inside the failure is still the reason.
    assert_eq!(told(&client.failed(&Failed(Closed(Gateway::AuthFailed.code())))), ("unknown", "server", "auth"));
}

/// QUIC libraries often reset a dropped stream with code 0. That is no goodbye of the connection.
#[test]
fn a_reset_stream_is_no_goodbye() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
    #[codes(quic_application)]
    enum Sync {
        #[code(0)]
        #[goodbye(Closed)]
        Done,
        #[code(1)]
        #[reason(Leave::Moved)]
        Moved,
        #[code(7)]
        #[reason(Unknown, cause = Auth)]
        Refused,
    }
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
    #[codes(http2)]
    enum Tunnel {
        #[code(0x1000)]
        #[goodbye(Closed)]
        Done,
        #[code(0x1001)]
        #[reason(Unknown, cause = Auth)]
        Refused,
    }
    static BOTH: Classifier = classifier![codes = Sync, codes = Tunnel];
    let client = CLIENT.with_classifier(&BOTH);
    for code in [Sync::Done, Sync::Moved] {
        assert!(client.received(code.code()).expected());
        let on_stream = [code.code().received(), code.received(), code.code().sent(), code.sent()];
        for verdict in on_stream.map(Verdict::of_stream) {
            let end = client.resolve(verdict);
            assert_eq!((end.reason().as_str(), end.code()), ("unknown", Some(code.code())), "{end:?}");
        }
    }
    for verdict in [Sync::Refused.code().received(), Sync::Refused.received()] {
        assert_eq!(told(&client.resolve(verdict.of_stream())), ("unknown", "server", "auth"));
    }
    // The origin of an HTTP/2 code is not known. A call site that knows it passes the value of the set.
    assert_eq!(told(&client.received(Tunnel::Done.code())), ("unknown", "server", ""));
    assert_eq!(told(&client.received(Tunnel::Refused.code())), ("unknown", "server", "auth"));
    assert!(client.received(Tunnel::Done).expected());
}

/// The two connections of a proxy have different peers with unrelated codes.
#[test]
fn the_other_connection_of_a_pair_does_not_read_the_code() {
    static FRONT: Classifier = classifier![codes = Gateway];
    let front = SERVER.with_classifier(&FRONT);
    for end in [CLIENT.sent(Gateway::Done.code()), CLIENT.received(Gateway::Done.code())] {
        let seen = std::sync::Mutex::new(Vec::new());
        let (client, server) = DisconnectGuard::pair(
            DisconnectGuard::new(front, |end: &Disconnect| seen.lock().unwrap().push(end.clone())),
            DisconnectGuard::new(CLIENT, |_: &Disconnect| ()),
        );
        server.set(end);
        drop((client, server));
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.iter().map(Disconnect::expected).collect::<Vec<_>>(), [false], "{seen:?}");
    }
}

#[test]
fn a_shutdown_may_have_an_own_code() {
    let seen = std::sync::Mutex::new(Vec::new());
    let shutdown = Shutdown::new();
    let server = SERVER.with_classifier(&CLASSIFIER);
    let guard =
        DisconnectGuard::new(server, |end: &Disconnect| seen.lock().unwrap().push(end.clone())).under(&shutdown);
    shutdown.set(Gateway::Restarting.sent());
    drop(guard);
    assert_eq!(seen.lock().unwrap().iter().map(told).collect::<Vec<_>>(), [("server_shutdown", "server", "restart")]);
}

#[cfg(unix)]
#[test]
fn exit_statuses_may_be_own_codes() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    let agent = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);
    let exited = |status: i32| agent.process_exited(ExitStatus::from_raw(status << 8));
    assert_eq!(told(&exited(75)), ("graceful", "agent", "limit"));
    assert_eq!(told(&exited(255)), ("unknown", "agent", "kicked"));
    // No set contains these.
    assert_eq!(told(&exited(76)), ("unknown", "agent", "exit_status"));
    assert_eq!(told(&exited(254)), ("unknown", "agent", "exit_status"));
}

#[test]
fn a_code_reader_may_be_a_function() {
    const TENANTS: CodeReader = |code| match (code.protocol(), code.number()) {
        (Protocol::QuicApplication, Some(0x100..=0x1ff)) => Some(Verdict::closed(Side::Local)),
        _ => None,
    };
    static BY_HAND: Classifier = Classifier::with(&[closed]).with_codes(&[TENANTS, own_codes::<Gateway>]);
    let server = SERVER.with_classifier(&BY_HAND);
    let end = server.failed(&Closed(Code::quic_application(0x142)));
    assert_eq!((told(&end), end.code()), (("client_closed", "client", ""), Some(Code::quic_application(0x142))));
    assert_eq!(told(&server.received(Gateway::AuthFailed.code())), ("unknown", "client", "auth"));
    assert_eq!(told(&server.received(Code::quic_application(0x200))), ("unknown", "client", ""));
}

/// A registered code keeps the meaning of its standard, whatever a function says.
#[test]
fn a_code_reader_does_not_redefine_registered_codes() {
    const GOODBYE: CodeReader = |_| Some(Verdict::closed(Side::Remote));
    let server = SERVER.with_classifier(Box::leak(Box::new(Classifier::with(&[closed]).with_codes(&[GOODBYE]))));
    for code in [Code::websocket(1011), Code::grpc(13), Code::tls(20), Code::http3(0x102)] {
        assert_eq!(server.received(code), SERVER.received(code));
        assert!(!server.failed(&Closed(code)).expected(), "{code}");
    }
    assert!(server.received(Code::websocket(4000)).expected());
}

/// The close code is the code that the peer gave, if this side may send it.
#[test]
fn an_own_code_is_the_close_code() {
    let end = SERVER.received(Nats::Stale);
    assert_eq!(end.close_code(Nats::PROTOCOL), Some(Nats::Stale.code()));
    assert_eq!(end.close_code(Protocol::Own(&"other")), None);
    assert_eq!(SERVER.received(Gateway::Done).close_code(Protocol::WebSocket), Some(Gateway::Done.code()));
    assert_eq!(end.initiator_as::<DisconnectInitiator>(), Some(DisconnectInitiator::Network));
}

/// A name may begin like a built-in one, or be the beginning of one.
#[test]
fn a_protocol_of_ones_own_has_a_name_of_its_own() {
    static NAMES: [(&str, bool); 6] =
        [("ssh2", true), ("ss", true), ("ssh", false), ("http3", false), ("http", true), ("", false)];
    for (name, is_own) in &NAMES {
        let code = Code::from_number(Protocol::Own(name), 4);
        assert_eq!(code.map(|code| code.to_string()), is_own.then(|| format!("{name}.4")));
    }
}

/// The bounds of the ranges that protocols leave to applications.
#[test]
fn the_bounds_of_application_ranges_are_exact() {
    macro_rules! edges {
        ($($protocol:ident: $first:literal, $last:literal;)*) => {$({
            #[derive(Clone, Copy, DisconnectCode)]
            #[codes($protocol)]
            enum Edges {
                #[code($first)]
                #[reason(Unknown)]
                First,
                #[code($last)]
                #[reason(Unknown)]
                Last,
            }
            for code in Edges::ALL {
                assert!(code.code().may_be_sent(), "{}", code.code());
                assert_eq!(code.code().to_string().parse(), Ok(code.code()));
            }
        })*};
    }
    edges! {
        websocket: 3001, 4999;
        ssh: 0xfe00_0000, 0xffff_ffff;
        http2: 0x0e, 0xffff_ffff;
        http3: 0, 0x3fff_ffff_ffff_ffff;
        quic: 0x12, 0x3fff_ffff_ffff_ffff;
        quic_application: 0, 0x3fff_ffff_ffff_ffff;
        amqp: 0, 65535;
        exit: 1, 2147483647;
        signal: 34, 64;
        sqlstate: "00000", "ZZZZZ";
    }
}
