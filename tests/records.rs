//! Records of one end, and the verdicts they are made from.

use std::error::Error;
use std::fmt;

use disconnect_core::evidence::{Rank, Reading, Side, Verdict};
use disconnect_core::{
    Category, Classifier, Code, ConnectionDirection, ConnectionMethod, Detail, Disconnect, DisconnectCause,
    DisconnectField, DisconnectInitiator, DisconnectReason, Endpoint, Peer, Protocol,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Left,
    NetworkError,
    /// Expected in the built-in set.
    Graceful,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Party {
    Player,
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum Leg {
    HostToPlayer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_cause")]
enum OwnCause {
    BrokenPipe,
    IdleTimeout,
    Boredom,
}

#[test]
fn records_are_equal_if_they_log_the_same() {
    let record = |reason| {
        Disconnect::new(reason)
            .with_initiator(DisconnectInitiator::Client)
            .with_direction(ConnectionDirection::AgentToClient)
            .with_method(ConnectionMethod::Derp)
            .with_cause(DisconnectCause::Reset)
            .with_code(Code::websocket(1006))
            .with_detail("once")
    };
    let lost = || record(DisconnectReason::NetworkError);
    assert_eq!(lost(), lost());
    for other in [
        record(DisconnectReason::ProtocolError),
        lost().with_initiator(DisconnectInitiator::Server),
        lost().with_direction(ConnectionDirection::ClientToServer),
        lost().with_method(ConnectionMethod::Direct),
        lost().with_cause(DisconnectCause::BrokenPipe),
        lost().with_code(Code::websocket(1011)),
        lost().with_detail("twice"),
    ] {
        assert_ne!(lost(), other);
    }
    // The same text with another flag.
    let [ours, own] = [Disconnect::new(DisconnectReason::Graceful), Disconnect::new(LeaveReason::Graceful)];
    assert_eq!(ours.reason().as_str(), own.reason().as_str());
    assert_ne!(ours, own);
}

#[test]
fn an_own_reason_has_the_rank_of_the_built_in_one_with_its_text_and_flag() {
    for side in [Side::Local, Side::Remote, Side::Network, Side::Unknown] {
        let built_in = Verdict::new(DisconnectReason::NetworkError, side);
        assert_eq!(Verdict::own(LeaveReason::NetworkError, side).rank(), built_in.rank(), "{side:?}");
    }
    assert_eq!(Verdict::own(LeaveReason::NetworkError, Side::Remote).rank(), Rank::Transport);
    // No network ends a connection on purpose.
    assert_eq!(Verdict::own(LeaveReason::Left, Side::Network).rank(), Rank::Stated);
    // The flag differs: an unexpected end by the peer.
    assert_eq!(Verdict::own(LeaveReason::Graceful, Side::Remote).rank(), Rank::Violation);
}

#[test]
fn an_own_cause_sets_the_rank_like_the_built_in_one_with_its_text() {
    let lost = Verdict::new(DisconnectReason::NetworkError, Side::Network);
    for (own, built_in, rank) in [
        (OwnCause::BrokenPipe, DisconnectCause::BrokenPipe, Rank::BrokenPipe),
        (OwnCause::IdleTimeout, DisconnectCause::IdleTimeout, Rank::Timeout),
    ] {
        assert_eq!(lost.with_own_cause(own).rank(), rank);
        assert_eq!(lost.with_cause(built_in).rank(), rank);
    }
    assert_eq!(lost.with_own_cause(OwnCause::Boredom).rank(), Rank::Transport);
}

#[test]
fn only_an_expected_reason_of_the_peer_is_its_goodbye() {
    assert!(Verdict::own(LeaveReason::Left, Side::Remote).is_said_by_peer());
    assert!(!Verdict::own(LeaveReason::Left, Side::Local).is_said_by_peer());
    assert!(!Verdict::own(LeaveReason::Graceful, Side::Remote).is_said_by_peer());
}

/// A side by another name than "client" is the client if the endpoint says so.
#[test]
fn a_named_party_has_the_role_of_its_side() {
    let to_server = Endpoint::between(&Party::Player, Peer::server(&Party::Host), &Leg::HostToPlayer);
    let to_client = Endpoint::between(&Party::Host, Peer::client(&Party::Player), &Leg::HostToPlayer);
    for end in [to_server, to_client] {
        let by = |party| end.resolve(Verdict::closed(Side::Unknown).by(party)).reason().as_str();
        assert_eq!([by(Party::Player), by(Party::Host)], ["client_closed", "graceful"]);
    }
}

#[test]
fn a_verdict_names_the_party_it_was_given() {
    let verdict = Verdict::closed(Side::Unknown).by(Party::Player);
    assert_eq!(verdict.initiator(), Some(Party::Player.category()));
    assert_eq!(Verdict::closed(Side::Remote).initiator(), None);
}

/// An error whose code says goodbye.
#[derive(Debug)]
struct Closed(Code);

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed")
    }
}

impl Error for Closed {}

static CLASSIFIER: Classifier = Classifier::with(&[closed]);

fn closed<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    error.downcast_ref::<Closed>().map_or(Reading::NOTHING, |Closed(code)| Reading::verdict(code.received()))
}

#[test]
fn a_back_end_may_say_goodbye_inside_an_error() {
    let of = |end: Endpoint, code| {
        let end = end.with_classifier(&CLASSIFIER).failed(&Closed(code));
        (end.expected(), end.initiator().map(Category::as_str))
    };
    // The code says goodbye, at any endpoint.
    for end in [Endpoint::SERVER_FACING_CLIENT, Endpoint::CLIENT_FACING_SERVER] {
        assert!(of(end, Code::websocket(1000)).0);
    }
    // A client library reports these as an error, and a server sees them inside the error of its own back end.
    let codes = [Code::http2(0), Code::quic(0), Code::tls(0)];
    for code in codes {
        assert!(of(Endpoint::CLIENT_FACING_SERVER, code).0, "{code}");
        assert_eq!(of(Endpoint::SERVER_FACING_CLIENT, code), (false, Some("")), "{code}");
        assert!(of(Endpoint::SERVER_FACING_CLIENT.error_may_be_goodbye(), code).0, "{code}");
        let to_server = Endpoint::between(&Party::Player, Peer::server(&Party::Host), &Leg::HostToPlayer);
        assert!(of(to_server, code).0, "{code}");
        let to_client = Endpoint::between(&Party::Host, Peer::client(&Party::Player), &Leg::HostToPlayer);
        assert!(!of(to_client, code).0, "{code}");
    }
    // "No error" as the status of a failed call.
    assert_eq!(of(Endpoint::CLIENT_FACING_SERVER, Code::grpc(0)), (false, Some("server")));
    assert_eq!(of(Endpoint::SERVER_FACING_CLIENT, Code::grpc(0)), (false, Some("server")));
}

#[test]
fn a_detail_is_cut_at_its_longest_length() {
    for length in [Detail::MAX_LEN - 1, Detail::MAX_LEN, Detail::MAX_LEN + 1, Detail::MAX_LEN + 2, 1_000] {
        let expected = length.min(Detail::MAX_LEN);
        let text: &'static str = "a".repeat(length).leak();
        assert_eq!(Detail::from(text).as_str(), &text[..expected]);
        assert_eq!(Detail::from(text.to_owned()).as_str(), &text[..expected]);
        assert_eq!(Detail::from(format_args!("{text}")).as_str(), &text[..expected]);
    }
    // At the boundary of a character.
    let text: &'static str = format!("a{}", "é".repeat(200)).leak();
    assert_eq!(Detail::from(text).as_str(), &text[..255]);
}

#[test]
fn the_debug_text_of_an_unknown_category_omits_the_input() {
    let unknown = "gracefull\u{1b}[31m".parse::<DisconnectReason>().unwrap_err();
    let shown = format!("{unknown:?}");
    assert!(shown.starts_with("UnknownCategory { field: \"disconnect_reason\", categories: ["), "{shown}");
    assert!(!shown.contains("gracefull"), "{shown}");
    let near = "gracefull".parse::<DisconnectReason>().unwrap_err();
    assert!(format!("{near:?}").ends_with("nearest: Some(\"graceful\") }"), "{near:?}");
}

/// Constants are evaluated by the compiler; these are not.
#[test]
fn an_endpoint_may_be_made_at_run_time() {
    fn leave_reason(end: &Disconnect) -> LeaveReason {
        if end.expected() { LeaveReason::Left } else { LeaveReason::NetworkError }
    }
    let end = Endpoint::SERVER_FACING_CLIENT.reasons_with(&leave_reason);
    assert_eq!(end.closed_by_peer().reason_as(), Some(LeaveReason::Left));
    assert_eq!(end.eof().reason_as(), Some(LeaveReason::NetworkError));
}

#[test]
#[cfg(unix)]
fn a_shell_that_was_left_is_a_normal_end() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    let of = |wait_status| Endpoint::AGENT_FACING_CLIENT.shell_exited(ExitStatus::from_raw(wait_status));
    for status in [0, 1, 2, 130] {
        assert!(of(status << 8).expected(), "{status}");
    }
    // The shell was not found, was not executable, or was killed.
    for wait_status in [126 << 8, 127 << 8, 9, 11] {
        let end = of(wait_status);
        assert_eq!(end, Endpoint::AGENT_FACING_CLIENT.process_exited(ExitStatus::from_raw(wait_status)));
        assert!(!end.expected(), "{wait_status}");
    }
}

/// The peer's own code for "done" resets one stream: no goodbye, but still the peer's word.
#[test]
fn a_stream_that_the_peer_reset_with_its_own_code_was_ended_by_it() {
    for code in [Code::quic_application(7), Code::from_number(Protocol::Own(&"chat"), 7).unwrap()] {
        let reset = Verdict::closed(Side::Remote).with_code(code).of_stream();
        assert_eq!((reset.is_said_by_peer(), reset.code()), (true, Some(code)));
        assert_eq!(reset.reason(), Some(DisconnectReason::Unknown.category()));
    }
}
