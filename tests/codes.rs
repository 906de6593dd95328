//! Compares the tables of protocol codes with the judgments that they started from, row by row:
//! `data/protocol-codes.json`. [`DISAGREEMENTS`] lists every difference with its reason, and `DESIGN.md` summarizes
//! them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use std::{fmt, io};

use disconnect_core::evidence::{Rank, Side, Verdict, grpc_timeout};
use disconnect_core::{
    Category, Code, Disconnect, DisconnectCause, DisconnectField, DisconnectInitiator, DisconnectReason, Endpoint,
    ParseCodeError, Protocol,
};
use serde::Deserialize;

use self::Question::{Ambiguous, ByAgent, ByClient, ByServer, Name, Received, Sendable, Sent};

/// The columns of a row that are compared.
#[derive(Deserialize)]
struct Row {
    protocol: String,
    code: String,
    name: String,
    reason: String,
    reason_by_sender: Option<BTreeMap<String, String>>,
    initiator_received: String,
    initiator_sent: String,
    fault: String,
    gap: Option<String>,
    ambiguous: bool,
}

/// A question that both a row and a table answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Name,
    /// The reason if a client gives the code. The next variants are the other roles.
    ByClient,
    ByAgent,
    ByServer,
    /// Who closed or broke the connection (`peer`, `self`, `network`, `unknown`) if the code was received.
    Received,
    /// The same if the code was sent.
    Sent,
    Sendable,
    Ambiguous,
}

type Answers = BTreeMap<Question, String>;

/// Protocol, code, questions, the answer of the table, and the reason for the difference.
type Disagreement = (&'static str, &'static str, &'static [Question], &'static str, &'static str);

const ALL_ROLES: &[Question] = &[ByClient, ByAgent, ByServer];
const NOT_A_CLIENT: &[Question] = &[ByAgent, ByServer];

/// Every difference between the tables and the data. The test fails for a difference that is missing here.
#[rustfmt::skip] // one disagreement per line
const DISAGREEMENTS: &[Disagreement] = &[
    // A reason that fits only one role, given by another role.
    ("websocket", "1012", &[ByClient], "client_closed", "a client that restarts is not a server that shuts down"),
    ("ssh", "13", ALL_ROLES, "unknown", "before the login there is no session to end normally"),
    ("tls", "90", NOT_A_CLIENT, "unknown", "only a client has a user who cancels"),
    ("mqtt5", "0x04", NOT_A_CLIENT, "unknown", "only a client may send it"),
    ("mqtt5", "0x8B", &[ByClient], "client_closed", "a client that goes away is not a server that shuts down"),
    ("mqtt5", "0x9C", &[ByClient], "client_closed", "a client that goes away is not a server that shuts down"),
    ("mqtt5", "0x9D", &[ByClient], "client_closed", "a client that goes away is not a server that shuts down"),
    ("mqtt5", "0xA0", &[ByClient], "client_closed", "the goodbye of a client"),
    // Ambiguous codes that are no goodbye: never towards normal.
    ("tls", "51", ALL_ROLES, "unknown", "a refusal: the sender could not verify the receiver"),
    ("grpc", "13", ALL_ROLES, "unknown", "any failure of the sender, such as a panic"),
    ("quic", "0x0f", ALL_ROLES, "unknown", "used-up keys that were not updated are no goodbye"),
    ("grpc", "14", NOT_A_CLIENT, "network_error", "also sent by proxies without a back end, and set by the caller's own library"),
    ("process", "1-125", NOT_A_CLIENT, "unknown", "the command defines its status; a shell has `shell_exited`"),
    ("process", "126-127", NOT_A_CLIENT, "unknown", "the command did not start, so nobody left"),
    ("process", "129", NOT_A_CLIENT, "unknown", "the client left, or the connection was lost"),
    ("process", "130", NOT_A_CLIENT, "unknown", "Ctrl-C, or somebody's `kill -INT`; a shell has `shell_exited`"),
    ("process", "131", NOT_A_CLIENT, "unknown", "requested by a user or a supervisor"),
    ("process", "141", NOT_A_CLIENT, "unknown", "the reader went away, intentionally or not"),
    ("process", "143", NOT_A_CLIENT, "unknown", "a service that stops a workspace or agent records it before"),
    ("process", "-1", NOT_A_CLIENT, "unknown", "used for a death by signal and for a missing status"),
    ("process", "130", &[Ambiguous], "true", "Ctrl-C, or somebody's `kill -INT`"),
    // A different initiator.
    ("websocket", "1010", &[Received], "peer", "a server does not have to support an extension: by the side that closed"),
    ("websocket", "1010", &[Sent], "self", "a server does not have to support an extension: by the side that closed"),
    ("grpc", "4", &[Received], "peer", "the side that sends a status ends the call"),
    ("grpc", "14", &[Received], "network", "also set locally for a lost connection"),
    // Codes that may not be sent.
    ("websocket", "1004", &[Sendable], "false", "reserved"),
    ("ssh", "4", &[Sendable], "false", "reserved"),
    // Names that no standard registers.
    ("websocket", "3000-3999", &[Name], "", "each registered by a library, or unregistered"),
    ("websocket", "4000-4999", &[Name], "", "private"),
    ("quic", "application", &[Name], "", "the application's own"),
    ("process", "0", &[Name], "EXIT_SUCCESS", "as in C"),
    ("process", "1-125", &[Name], "EXIT_FAILURE", "as in C"),
    ("process", "126-127", &[Name], "CANNOT_EXECUTE or COMMAND_NOT_FOUND", "two statuses"),
    ("process", "255", &[Name], "", "not registered"),
    ("process", "-1", &[Name], "", "not registered"),
];

/// Rows that are not codes. Other tests compare `io` and `tls eof`, and this library reads no code of the others. TLS
/// alerts in QUIC have their own test, because their row refers to the rows of TLS.
const NO_CODES: [(&str, Option<&str>); 6] = [
    ("io_error_kind", None),
    ("io", None),
    ("systemd_result", None),
    ("quic-local", None),
    ("tls", Some("eof")),
    ("quic", Some("0x0100-0x01ff")),
];

/// Every pair of roles: sender, receiver, and their endpoints.
const WAYS: [(&str, &str, Endpoint, Endpoint); 6] = [
    ("client", "agent", Endpoint::CLIENT_FACING_AGENT, Endpoint::AGENT_FACING_CLIENT),
    ("client", "server", Endpoint::CLIENT_FACING_SERVER, Endpoint::SERVER_FACING_CLIENT),
    ("agent", "client", Endpoint::AGENT_FACING_CLIENT, Endpoint::CLIENT_FACING_AGENT),
    ("agent", "server", Endpoint::AGENT_FACING_SERVER, Endpoint::SERVER_FACING_AGENT),
    ("server", "client", Endpoint::SERVER_FACING_CLIENT, Endpoint::CLIENT_FACING_SERVER),
    ("server", "agent", Endpoint::SERVER_FACING_AGENT, Endpoint::AGENT_FACING_SERVER),
];

#[test]
fn every_row_agrees_or_is_a_listed_disagreement() {
    let mut listed: BTreeMap<(&str, &str, Question), &str> = BTreeMap::new();
    for (protocol, code, questions, ours, _) in DISAGREEMENTS {
        for &question in *questions {
            assert_eq!(listed.insert((protocol, code, question), ours), None, "{protocol} {code}: {question:?} twice");
        }
    }
    let rows = rows();
    let judged: Vec<&Row> = rows.iter().filter(|row| is_code(row)).collect();
    assert_eq!((rows.len(), judged.len()), (222, 179));

    let mut wrong = Vec::new();
    for row in judged {
        let (theirs, ours) = (answers_of_row(row), answers_of_table(row));
        assert!(theirs.keys().eq(ours.keys()), "{} {}: other questions", row.protocol, row.code);
        for (&question, theirs) in &theirs {
            let agreed = listed.remove(&(&*row.protocol, &*row.code, question)).unwrap_or(theirs);
            if ours[&question] != agreed {
                wrong.push(format!("{} {}: {question:?}: {} != {agreed}", row.protocol, row.code, ours[&question]));
            }
        }
    }
    assert!(wrong.is_empty(), "unlisted disagreements:\n{}", wrong.join("\n"));
    assert!(listed.is_empty(), "listed, but not compared: {listed:?}");
}

#[test]
fn no_disagreement_makes_an_end_more_normal() {
    for row in rows().iter().filter(|row| is_code(row)) {
        let (theirs, ours) = (answers_of_row(row), answers_of_table(row));
        for role in ALL_ROLES.iter().filter(|role| theirs.contains_key(role)) {
            assert!(expected(&theirs[role]) || !expected(&ours[role]), "{} {}: {role:?}", row.protocol, row.code);
        }
    }
}

#[test]
fn a_tls_alert_in_quic_means_what_it_means_in_tls() {
    for alert in 0..=u8::MAX {
        let (tls, quic) = (Code::tls(alert), Code::quic(0x0100 + u64::from(alert)));
        // A goodbye of TLS is none in QUIC, where every alert is fatal (RFC 9001, section 4.8).
        let goodbye = ends(tls).any(|end| end.expected());
        if tls.name().is_none() || goodbye {
            assert_eq!((quic.name(), quic.is_ambiguous()), (Some("CRYPTO_ERROR"), true), "{quic}");
            assert!(ends(quic).all(|end| end.reason_as() == Some(DisconnectReason::ProtocolError)), "{quic}");
        } else {
            assert_eq!((quic.name(), quic.is_ambiguous()), (tls.name(), tls.is_ambiguous()), "{quic}");
            assert!(ends(quic).eq(ends(tls).map(|end| end.with_code(quic))), "{quic}");
        }
    }
}

#[test]
fn an_exit_status_above_128_means_what_the_signal_means() {
    for signal in 1..=64 {
        let (signal, status) = (Code::signal(signal), Code::exit(128 + signal));
        assert_eq!((status.name(), status.is_ambiguous()), (signal.name(), signal.is_ambiguous()), "{status}");
        assert!(ends(status).eq(ends(signal).map(|end| end.with_code(status))), "{status}");
    }
    assert_eq!((Code::exit(128).name(), Code::exit(193).name()), (None, None));
}

/// The complete list of codes that may be a normal end, for any pair of roles.
#[test]
fn only_listed_codes_are_expected() {
    let mut normal: Vec<Code> = [1000, 1001, 1005, 1012].map(Code::websocket).to_vec();
    normal.push(Code::ssh(11));
    normal.extend([0x00, 0x08].map(Code::http2));
    normal.extend([0x0100, 0x010c].map(Code::http3));
    normal.push(Code::quic(0));
    normal.extend([0, 90].map(Code::tls));
    normal.extend([0, 1].map(Code::grpc));
    normal.extend([0x00, 0x04, 0x8b, 0x9c, 0x9d, 0xa0].map(Code::mqtt));
    normal.push(Code::amqp(200));
    normal.push(Code::exit(0));

    let found: Vec<Code> = all_codes().filter(|&code| ends(code).any(|end| end.expected())).collect();
    assert_eq!(found, normal);
}

#[test]
fn an_unregistered_code_is_unknown() {
    let mut unregistered = 0_u32;
    for code in all_codes().filter(|code| code.name().is_none()) {
        unregistered += 1;
        assert!(code.is_ambiguous(), "{code}");
        for end in ends(code) {
            assert_eq!(
                (end.reason().as_str(), end.expected(), end.cause().map(Category::as_str)),
                ("unknown", false, None),
                "{code}"
            );
            assert_eq!(end.code(), Some(code));
        }
    }
    assert!(unregistered > 300_000);
}

#[test]
fn extreme_numbers_are_kept_or_clamped() {
    for (code, text) in [
        (Code::websocket(4999), "websocket.4999"),
        (Code::websocket(3999), "websocket.3999"),
        (Code::websocket(u16::MAX), "websocket.65535"),
        (Code::websocket(0), "websocket.0"),
        (Code::ssh(u32::MAX), "ssh.4294967295"),
        (Code::http2(u32::MAX), "http2.4294967295"),
        (Code::http3(u64::MAX), "http3.4611686018427387903"),
        (Code::quic(u64::MAX), "quic.4611686018427387903"),
        (Code::quic_application(0), "quic_application.0"),
        (Code::quic_application(u64::MAX), "quic_application.4611686018427387903"),
        (Code::grpc(i32::MIN), "grpc.-2147483648"),
        (Code::exit(-1), "exit.-1"),
        (Code::exit(i32::MIN), "exit.-2147483648"),
        (Code::exit(i32::MAX), "exit.2147483647"),
        (Code::signal(i32::MIN), "signal.-2147483648"),
        (Code::signal(0), "signal.0"),
    ] {
        assert_eq!((code.to_string().as_str(), code.name()), (text, None));
        assert!(ends(code).all(|end| !end.expected()), "{code}");
    }
}

/// Every logged code parses, and no other text does.
#[test]
fn codes_of_built_in_protocols_parse() {
    for code in all_codes() {
        assert_eq!(code.to_string().parse(), Ok(code), "{code}");
    }
    for text in [
        "",
        ".",
        "websocket",
        "websocket.",
        ".1000",
        "WebSocket.1000",
        "websocket.01000",
        "websocket.+1000",
        "websocket.-0",
        "websocket.-1",
        "websocket. 1000",
        "websocket.1000 ",
        "websocket.1000.0",
        "websocket.65536",
        "websocket.99999999999999999999",
        "websocket.NORMAL",
        "tls.256",
        "exit.2147483648",
        "http3.4611686018427387904",
        "sqlstate.57p01",
        "sqlstate.57P0",
        "sqlstate.57P012",
        "sqlstate.57P0\u{1}",
        "sqlstate.",
        "discord.4004",
        "own.1",
    ] {
        let error: ParseCodeError = text.parse::<Code>().unwrap_err();
        let protocol = text.split('.').next().unwrap();
        let is_known = ["websocket", "tls", "exit", "http3", "sqlstate"].contains(&protocol);
        let says = if is_known { "the protocol has no such code" } else { "no protocol of this name is known" };
        assert_eq!(error.to_string(), says, "{text:?}");
    }
}

/// Texts come from the wire.
#[test]
fn a_hostile_text_is_rejected() {
    const NATS: Protocol = Protocol::Own(&"nats");
    for text in ["a", "A-b_9", "12345678", "--------"] {
        let code = Code::from_text(NATS, text).unwrap();
        assert_eq!((code.text(), code.number(), code.protocol()), (Some(text), None, NATS));
        assert_eq!(code.to_string(), format!("nats.{text}"));
        assert_eq!((code.name(), code.is_ambiguous(), code.may_be_sent()), (None, true, true));
        assert!(ends(code).all(|end| !end.expected() && end.reason().as_str() == "unknown"), "{code}");
    }
    let long = "x".repeat(1 << 20);
    for text in ["", "123456789", "a b", "a.b", "a\n", "a\0", "\0", "é", "\u{202e}a", "a=b", "\u{1b}[0m", &long] {
        assert_eq!(Code::from_text(NATS, text), None, "{text:?}");
        assert_eq!(Code::sqlstate(text), None, "{text:?}");
    }
    // Protocols with numeric codes, protocols with text codes, and invalid names.
    assert_eq!(Code::from_text(Protocol::WebSocket, "1000"), None);
    assert_eq!(Code::from_number(Protocol::Sqlstate, 8006), None);
    for name in [&"", &"websocket", &"Nats", &"a b", &"a\nb", &"_a", &"a_", &"a__b", &"1a", &"a.b"] {
        assert_eq!(Code::from_number(Protocol::Own(name), 1), None, "{name:?}");
        assert_eq!(Code::from_text(Protocol::Own(name), "a"), None, "{name:?}");
    }
    for number in [i64::MIN, i64::MAX, 1 << 62, -(1 << 62)] {
        assert_eq!(Code::from_number(NATS, number), None, "{number}");
    }
}

/// The rows that the first judgments lack: the meaning if a server gives the code, and the initiator.
#[rustfmt::skip] // one code per line
#[test]
fn amqp_replies_and_sqlstates_have_these_meanings() {
    let amqp = |number| Code::amqp(number);
    let state = |text| Code::sqlstate(text).unwrap();
    let rows = [
        (amqp(200), "graceful", "server", None),
        (amqp(311), "unknown", "server", Some("too_large")),
        (amqp(312), "unknown", "server", None),
        (amqp(313), "unknown", "server", None),
        (amqp(320), "unknown", "server", Some("kicked")),
        (amqp(402), "unknown", "server", Some("policy")),
        (amqp(403), "unknown", "server", Some("auth")),
        (amqp(404), "unknown", "server", Some("policy")),
        (amqp(405), "unknown", "server", Some("policy")),
        (amqp(406), "unknown", "server", Some("policy")),
        (amqp(501), "protocol_error", "client", Some("malformed")),
        (amqp(502), "protocol_error", "client", Some("malformed")),
        (amqp(503), "protocol_error", "client", None),
        (amqp(504), "protocol_error", "client", None),
        (amqp(505), "protocol_error", "client", None),
        (amqp(506), "unknown", "server", Some("limit")),
        (amqp(530), "unknown", "server", Some("policy")),
        (amqp(540), "protocol_error", "server", Some("negotiation")),
        (amqp(541), "unknown", "server", Some("internal_error")),
        (state("08000"), "network_error", "network", Some("unclean_eof")),
        (state("08001"), "network_error", "network", Some("unreachable")),
        (state("08003"), "unknown", "server", None),
        (state("08004"), "unknown", "server", Some("policy")),
        (state("08006"), "network_error", "network", Some("unclean_eof")),
        (state("08007"), "unknown", "server", None),
        (state("08P01"), "protocol_error", "client", None),
        (state("08S01"), "network_error", "network", Some("unclean_eof")),
        (state("25P03"), "unknown", "server", Some("idle_timeout")),
        (state("25P04"), "unknown", "server", Some("deadline")),
        (state("28000"), "unknown", "server", Some("auth")),
        (state("28P01"), "unknown", "server", Some("auth")),
        (state("3D000"), "unknown", "server", Some("policy")),
        (state("53000"), "unknown", "server", Some("overload")),
        (state("53100"), "unknown", "server", Some("out_of_resources")),
        (state("53200"), "unknown", "server", Some("out_of_resources")),
        (state("53300"), "unknown", "server", Some("limit")),
        (state("53400"), "unknown", "server", Some("limit")),
        (state("57000"), "unknown", "server", Some("kicked")),
        (state("57014"), "unknown", "server", None),
        (state("57P01"), "unknown", "server", Some("kicked")),
        (state("57P02"), "unknown", "server", Some("crash")),
        (state("57P03"), "unknown", "server", Some("restart")),
        (state("57P04"), "unknown", "server", Some("kicked")),
        (state("57P05"), "unknown", "server", Some("idle_timeout")),
    ];
    for (code, reason, initiator, cause) in &rows {
        let end = Endpoint::CLIENT_FACING_SERVER.received(*code);
        let found = (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str));
        assert_eq!(found, (*reason, Some(*initiator), *cause), "{code}");
    }
    let registered: Vec<Code> = (0..=u16::MAX).map(Code::amqp).chain(sqlstates()).filter(|code| code.name().is_some()).collect();
    assert!(registered.iter().all(|code| rows.iter().any(|(row, ..)| row == code)) && registered.len() == rows.len());
}

/// The status of a shell is that of its last command, whatever it was. A shell that could not run or was killed ended otherwise.
#[cfg(unix)]
#[test]
fn a_shell_that_exits_was_left_by_its_user() {
    let run = |script: &str| std::process::Command::new("sh").args(["-c", script]).status().unwrap();
    let told = |end: &Disconnect| (end.reason_as(), end.initiator_as(), end.exit_code());
    for status in [0, 1, 125, 130] {
        let left = (Some(DisconnectReason::ClientClosed), Some(DisconnectInitiator::Client), Some(status));
        let shell = run(&format!("exit {status}"));
        assert_eq!(told(&Endpoint::AGENT_FACING_CLIENT.shell_exited(shell)), left);
        assert_eq!(told(&Endpoint::CLIENT_FACING_AGENT.remote_shell_exited(Code::exit(status))), left);
    }
    for (script, code) in
        [("exit 126", Code::exit(126)), ("exit 137", Code::exit(137)), ("kill -9 $$", Code::signal(9))]
    {
        let end = Endpoint::AGENT_FACING_CLIENT.shell_exited(run(script));
        assert_eq!(end, Endpoint::AGENT_FACING_CLIENT.process_exited(run(script)), "{script}");
        let remote = Endpoint::CLIENT_FACING_AGENT.remote_shell_exited(code);
        assert_eq!(remote, Endpoint::CLIENT_FACING_AGENT.received(code), "{script}");
        assert!(!end.expected() && !remote.expected() && end.code() == Some(code), "{script}");
    }
    assert_eq!(Endpoint::AGENT_FACING_CLIENT.sent(Code::signal(9)).exit_code(), None);
}

/// A client does not shut a server down, and the network does not send a goodbye.
#[test]
fn reason_and_initiator_agree() {
    for code in all_codes().filter(|code| code.name().is_some()) {
        for end in ends(code) {
            let initiator = end.initiator_as::<DisconnectInitiator>();
            let client = initiator == Some(DisconnectInitiator::Client);
            let process = matches!(initiator, Some(DisconnectInitiator::Agent | DisconnectInitiator::Server));
            assert!(
                match end.reason_as::<DisconnectReason>() {
                    Some(DisconnectReason::ClientClosed) => client,
                    Some(DisconnectReason::Graceful | DisconnectReason::ServerShutdown) => process,
                    Some(DisconnectReason::WorkspaceStopped | DisconnectReason::ControlPlaneLost) | None => false,
                    Some(
                        DisconnectReason::Unknown | DisconnectReason::NetworkError | DisconnectReason::ProtocolError,
                    ) => true,
                },
                "{code}: {end:?}"
            );
        }
    }
}

#[test]
fn the_cause_adds_detail_to_the_reason() {
    for row in rows().iter().filter(|row| is_code(row)) {
        let Some(gap) = row.gap.as_deref() else { continue };
        let causes: &[&str] = match gap {
            "admin" => &["kicked"],
            "limit" => &["limit", "overload", "too_large"],
            "max_lifetime" => &["limit"],
            "resource" => &["killed"],
            "timeout" => &["deadline", "idle_timeout", "keepalive_timeout"],
            cause => &[cause],
        };
        for end in codes(row).into_iter().flat_map(ends) {
            assert!(
                end.cause().map(Category::as_str).is_some_and(|cause| causes.contains(&cause)),
                "{end:?} is not {gap}"
            );
        }
    }
}

/// If the reason is `unknown` or `network_error` and the code is specific, the cause is set.
#[test]
fn codes_with_an_unspecific_reason_have_a_cause() {
    let mut silent: Vec<Code> = vec![Code::websocket(1004), Code::ssh(4), Code::quic(0x0c), Code::quic(0x0100 + 117)];
    silent.push(Code::tls(117));
    silent.extend([2, 3, 5, 6, 9, 10, 11, 15].map(Code::grpc));
    silent.push(Code::mqtt(0x80));
    silent.extend([312, 313].map(Code::amqp));
    silent.extend(["08003", "08007", "57014"].map(|state| Code::sqlstate(state).unwrap()));

    let of_a_fixed_reason = |code: &Code| {
        ends(*code).all(|end| {
            matches!(end.reason().as_str(), "unknown" | "network_error") && end.cause().map(Category::as_str).is_none()
        })
    };
    let found: Vec<Code> = all_codes().filter(|code| code.name().is_some()).filter(of_a_fixed_reason).collect();
    assert_eq!(found, silent);
}

#[test]
fn codes_that_report_an_observation_have_its_rank() {
    const ABNORMAL: Verdict = Code::websocket(1006).received();
    assert_eq!(ABNORMAL.rank(), Rank::Transport);
    assert_eq!(Code::websocket(1015).received().rank(), Rank::Violation);
    assert_eq!(Code::grpc(14).received().rank(), Rank::Transport);
    assert_eq!(Code::grpc(4).received().rank(), Rank::Timeout);
    let mut stands_for = vec![Code::websocket(1006), Code::websocket(1015), Code::grpc(14), Code::grpc(4)];
    for state in ["08000", "08001", "08006", "08S01"] {
        let code = Code::sqlstate(state).unwrap();
        assert_eq!((code.received().rank(), code.received().side()), (Rank::Transport, Side::Network));
        assert_eq!((code.sent().rank(), code.sent().side()), (Rank::Transport, Side::Local));
        stands_for.push(code);
    }
    // Use after the end of a session.
    let late = Code::sqlstate("08003").unwrap();
    assert_eq!(late.received().rank(), Rank::FollowOn);
    stands_for.push(late);
    for code in all_codes().filter(|code| !stands_for.contains(code)) {
        assert_eq!((code.received().rank(), code.sent().rank()), (Rank::Stated, Rank::Stated), "{code}");
    }
}

/// An `RST_STREAM` is not a goodbye of its connection.
#[test]
fn no_error_on_a_stream_is_no_goodbye() {
    for (code, goodbye) in [(Code::http2(0), Code::http2(0)), (Code::http3(0x100), Code::http3(0x100))] {
        for (stream, connection) in
            [(code.received().of_stream(), goodbye.received()), (code.sent().of_stream(), goodbye.sent())]
        {
            assert_eq!((stream.side(), stream.code()), (connection.side(), Some(code)));
            assert!(WAYS.iter().all(|(_, _, near, _)| near.resolve(stream).reason().as_str() == "unknown"), "{code}");
            assert!(stream.rank() < connection.rank(), "{code}");
            assert_eq!(connection.or_stronger(stream), connection, "{code}");
        }
    }
    let (reset, goaway) = (Code::http2(0).received().of_stream(), Code::http2(0).received());
    assert_eq!(reset.or_stronger(goaway), goaway);
    let others = all_codes().filter(|code| ![Code::http2(0), Code::http3(0x100)].contains(code));
    for code in others.filter(|code| code.protocol() != Protocol::QuicApplication) {
        assert_eq!(code.received().of_stream(), code.received(), "{code}");
    }
    let own = Code::quic_application(7);
    for (stream, connection) in [(own.received().of_stream(), own.received()), (own.sent().of_stream(), own.sent())] {
        assert!(WAYS.iter().all(|(_, _, near, _)| near.resolve(stream) == near.resolve(connection)));
    }
}

/// The signal names of SSH, shells and portable-pty.
#[test]
fn signal_names_map_to_signal_numbers() {
    const SSH: [(&str, i32); 13] = [
        ("ABRT", 6),
        ("ALRM", 14),
        ("FPE", 8),
        ("HUP", 1),
        ("ILL", 4),
        ("INT", 2),
        ("KILL", 9),
        ("PIPE", 13),
        ("QUIT", 3),
        ("SEGV", 11),
        ("TERM", 15),
        ("USR1", 10),
        ("USR2", 12),
    ];
    for (name, number) in SSH {
        assert_eq!(Code::signal_named(name), Some(Code::signal(number)), "{name}");
        assert_eq!(Code::signal_named(&format!("SIG{name}")), Some(Code::signal(number)), "{name}");
    }
    for name in ["", "SIG", "WINCH", "term", "Signal 40", "TERM@example.com", "15", ": 15"] {
        assert_eq!(Code::signal_named(name), None, "{name}");
    }
}

#[test]
fn may_be_sent_follows_the_protocol() {
    let allowed = |code: u16| Code::websocket(code).may_be_sent();
    for code in (0..1000).chain([1004, 1005, 1006]).chain(1015..3000).chain(5000..=u16::MAX) {
        assert!(!allowed(code), "{code}");
    }
    assert!((1000..1015).filter(|code| !(1004..=1006).contains(code)).chain(3000..5000).all(allowed));

    assert!(!Code::ssh(0).may_be_sent() && !Code::ssh(16).may_be_sent() && Code::ssh(0xfe00_0000).may_be_sent());
    assert!(!Code::tls(1).may_be_sent() && !Code::tls(21).may_be_sent() && Code::tls(0).may_be_sent());
    assert!(!Code::mqtt(0x84).may_be_sent() && !Code::grpc(17).may_be_sent());
    assert!(Code::http2(0xffff).may_be_sent() && Code::quic_application(7).may_be_sent());
}

/// One end of each kind, and the close code of each protocol.
#[rustfmt::skip] // one end per line
#[test]
fn close_codes_follow_the_end() {
    use disconnect_core::{DisconnectCause as Cause, DisconnectReason as Reason};
    use Side::{Local, Network, Remote, Unknown};

    const NOTHING: i64 = -1;
    let end = Endpoint::SERVER_FACING_AGENT;
    let new = |reason, side| Verdict::new(reason, side);
    let because = |reason, side, cause| Verdict::new(reason, side).with_cause(cause);
    // Columns: WebSocket, SSH, HTTP/2, HTTP/3, QUIC, TLS, gRPC, MQTT.
    for (verdict, codes) in [
        (Verdict::closed(Local), [1000, 11, 0x00, 0x100, 0x00, 0, 0, 0x00]),
        (Verdict::closed(Remote), [1000, 11, 0x00, 0x100, 0x00, 0, 0, 0x00]),
        (Verdict::own(Leave::Quit, Local), [1000, 11, 0x00, 0x100, 0x00, 0, 0, 0x00]),
        (Verdict::going_away(Local), [1001, 11, 0x00, 0x100, 0x00, 0, 14, 0x8b]),
        (Verdict::going_away(Local).with_cause(Cause::Restart), [1012, 11, 0x00, 0x100, 0x00, 0, 14, 0x8b]),
        (Verdict::going_away(Local).with_cause(Cause::Migrate), [1001, 11, 0x00, 0x100, 0x00, 0, 14, 0x9c]),
        (Verdict::going_away(Local).with_cause(Cause::Deadline), [1001, 11, 0x00, 0x100, 0x00, 0, 14, 0x8b]),
        // Answers the peer's goodbye.
        (Verdict::going_away(Remote).with_cause(Cause::Restart), [1000, 11, 0x00, 0x100, 0x00, 0, 0, 0x00]),
        (new(Reason::WorkspaceStopped, Local), [1001, 11, 0x00, 0x100, 0x00, 0, 14, 0x8b]),
        (new(Reason::ProtocolError, Remote), [1002, 2, 0x01, 0x101, 0x0a, 10, 13, 0x82]),
        (new(Reason::ProtocolError, Unknown), [1002, 2, 0x01, 0x101, 0x0a, 10, 13, 0x82]),
        (because(Reason::ProtocolError, Remote, Cause::Malformed), [1007, 2, 0x01, 0x106, 0x07, 50, 13, 0x81]),
        (because(Reason::ProtocolError, Remote, Cause::TooLarge), [1009, 2, 0x06, 0x106, 0x0a, 22, 8, 0x95]),
        (because(Reason::ProtocolError, Remote, Cause::Negotiation), [1003, 2, 0x01, 0x101, 0x0a, 10, 12, 0x82]),
        (because(Reason::ProtocolError, Local, Cause::Negotiation), [1011, 3, 0x02, 0x102, 0x11, 40, 12, 0x83]),
        (new(Reason::ProtocolError, Local), [1011, 7, 0x02, 0x102, 0x01, 80, 13, 0x80]),
        (because(Reason::Unknown, Local, Cause::Auth), [1008, 14, 0x02, 0x102, 0x131, 49, 16, 0x87]),
        (because(Reason::Unknown, Local, Cause::Policy), [1008, 7, 0x02, 0x102, 0x02, 49, 7, 0x87]),
        (because(Reason::Unknown, Local, Cause::Limit), [1008, 12, 0x0b, 0x107, 0x02, 80, 8, 0x97]),
        (because(Reason::Unknown, Local, Cause::Overload), [1013, 7, 0x0b, 0x107, 0x02, 80, 8, 0x89]),
        (because(Reason::Unknown, Local, Cause::Replaced), [1008, 7, 0x02, 0x102, 0x01, 80, 10, 0x8e]),
        (because(Reason::Unknown, Local, Cause::Kicked), [1008, 7, 0x02, 0x102, 0x01, 80, 10, 0x98]),
        (because(Reason::Unknown, Local, Cause::Panicked), [1011, 7, 0x02, 0x102, 0x01, 80, 13, 0x80]),
        (because(Reason::Unknown, Local, Cause::BrokenPipe), [1011, 7, 0x02, 0x102, 0x01, 80, 13, 0x80]),
        (because(Reason::Unknown, Local, Cause::Deadline), [3008, 7, 0x02, 0x102, 0x01, 80, 4, 0x80]),
        (new(Reason::Unknown, Unknown), [1011, 7, 0x02, 0x102, 0x01, 80, 2, 0x80]),
        (Verdict::own(Leave::Kicked, Local), [1011, 7, 0x02, 0x102, 0x01, 80, 2, 0x80]),
        (new(Reason::ControlPlaneLost, Local), [1011, 7, 0x02, 0x102, 0x01, 80, 13, 0x80]),
        (because(Reason::NetworkError, Network, Cause::KeepaliveTimeout), [3008, 10, NOTHING, NOTHING, NOTHING, NOTHING, 14, 0x8d]),
        (because(Reason::NetworkError, Network, Cause::Deadline), [3008, 10, NOTHING, NOTHING, NOTHING, NOTHING, 4, NOTHING]),
        (because(Reason::Unknown, Unknown, Cause::IdleTimeout), [3008, 10, NOTHING, NOTHING, NOTHING, NOTHING, 14, 0x8d]),
        (because(Reason::Unknown, Unknown, Cause::Deadline), [3008, 10, NOTHING, NOTHING, NOTHING, NOTHING, 4, NOTHING]),
        (because(Reason::NetworkError, Local, Cause::IdleTimeout), [3008, 7, 0x02, 0x102, 0x01, 80, 4, 0x80]),
        // A connection behind this one failed.
        (because(Reason::NetworkError, Local, Cause::Unreachable), [1014, 7, 0x0a, 0x10f, 0x01, 80, 14, 0x80]),
        // The connection is lost, so no code can be sent.
        (because(Reason::NetworkError, Network, Cause::Reset), [NOTHING; 8]),
        (because(Reason::Unknown, Unknown, Cause::BrokenPipe), [NOTHING; 8]),
        // The peer already knows the reason.
        (because(Reason::Unknown, Remote, Cause::Overload), [NOTHING; 8]),
        (new(Reason::ControlPlaneLost, Remote), [NOTHING; 8]),
    ] {
        let end = end.resolve(verdict);
        for (protocol, number) in PROTOCOLS.into_iter().zip(codes) {
            let code = end.close_code(protocol);
            assert_eq!(code.and_then(Code::number).unwrap_or(NOTHING), number, "{} {end:?}", protocol.as_str());
            assert!(code.is_none_or(|code| code.protocol() == protocol && code.name().is_some()));
        }
        for protocol in NO_CLOSE_CODES {
            assert_eq!(end.close_code(protocol), None);
        }
    }
}

const NO_CLOSE_CODES: [Protocol; 5] =
    [Protocol::QuicApplication, Protocol::Exit, Protocol::Signal, Protocol::Sqlstate, Protocol::Own(&"discord")];

#[test]
fn amqp_has_a_close_code_for_each_end() {
    use disconnect_core::{DisconnectCause as Cause, DisconnectReason as Reason};

    let because = |reason, side, cause| Verdict::new(reason, side).with_cause(cause);
    for (verdict, reply) in [
        (Verdict::closed(Side::Local), Some(200)),
        (Verdict::going_away(Side::Remote), Some(200)),
        (Verdict::going_away(Side::Local), Some(320)),
        (Verdict::going_away(Side::Local).with_cause(Cause::Restart), Some(320)),
        (Verdict::new(Reason::ProtocolError, Side::Remote), Some(503)),
        (because(Reason::ProtocolError, Side::Remote, Cause::Malformed), Some(501)),
        (because(Reason::ProtocolError, Side::Local, Cause::Negotiation), Some(540)),
        (because(Reason::Unknown, Side::Local, Cause::Auth), Some(403)),
        (because(Reason::Unknown, Side::Local, Cause::Policy), Some(530)),
        (because(Reason::Unknown, Side::Local, Cause::Overload), Some(506)),
        (because(Reason::Unknown, Side::Local, Cause::Kicked), Some(320)),
        (because(Reason::Unknown, Side::Local, Cause::Panicked), Some(541)),
        (because(Reason::NetworkError, Side::Network, Cause::KeepaliveTimeout), None),
        (because(Reason::NetworkError, Side::Network, Cause::Reset), None),
    ] {
        let code = Endpoint::SERVER_FACING_CLIENT.resolve(verdict).close_code(Protocol::Amqp);
        assert_eq!(code, reply.map(Code::amqp), "{verdict:?}");
    }
}

/// The protocols with close codes.
const PROTOCOLS: [Protocol; 9] = [
    Protocol::WebSocket,
    Protocol::Ssh,
    Protocol::Http2,
    Protocol::Http3,
    Protocol::Quic,
    Protocol::Tls,
    Protocol::Grpc,
    Protocol::Mqtt,
    Protocol::Amqp,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Quit,
    Kicked,
}

/// Every combination of kind, cause and side, resolved by one endpoint.
fn every_end(end: Endpoint) -> impl Iterator<Item = Disconnect> {
    let sides = [Side::Local, Side::Remote, Side::Network, Side::Unknown];
    let verdicts = sides.into_iter().flat_map(|side| {
        let goodbyes = [Verdict::closed(side), Verdict::going_away(side), Verdict::cancelled(side)];
        let own = [Leave::Quit, Leave::Kicked].map(|reason| Verdict::own(reason, side));
        let ours = DisconnectReason::ALL.iter().map(move |reason| Verdict::new(*reason, side));
        goodbyes.into_iter().chain(own).chain(ours)
    });
    verdicts.flat_map(move |verdict| {
        let causes = DisconnectCause::ALL.iter().map(move |cause| verdict.with_cause(*cause));
        [verdict].into_iter().chain(causes).map(move |verdict| end.resolve(verdict))
    })
}

/// The peer logs the same reason, whatever this side calls it.
#[test]
fn own_reasons_do_not_change_the_close_code() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("disconnect_reason")]
    enum Why {
        #[expected]
        Restart,
        #[expected]
        Left,
        Broken,
    }
    impl From<DisconnectReason> for Why {
        fn from(reason: DisconnectReason) -> Self {
            match reason {
                DisconnectReason::ServerShutdown | DisconnectReason::WorkspaceStopped => Self::Restart,
                DisconnectReason::Graceful | DisconnectReason::ClientClosed => Self::Left,
                _ => Self::Broken,
            }
        }
    }
    const BUILT_IN: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    const OWN: Endpoint = BUILT_IN.reasons::<Why>();
    let ends = |end: Endpoint| {
        let violation = io::Error::from(io::ErrorKind::InvalidData);
        [
            end.shutting_down(),
            end.closed_locally(),
            end.closed_by_peer(),
            end.failed(&violation),
            end.eof(),
            end.idle_timeout(),
        ]
    };
    for (built_in, own) in ends(BUILT_IN).iter().zip(&ends(OWN)) {
        assert!(Why::parse(own.reason().as_str()).is_some(), "{own:?}");
        for protocol in PROTOCOLS {
            assert_eq!(own.close_code(protocol), built_in.close_code(protocol), "{own:?}");
        }
    }
    assert_eq!(OWN.shutting_down().close_code(Protocol::WebSocket), Some(Code::websocket(1001)));
}

#[test]
fn a_close_code_may_be_sent_and_is_not_more_normal_than_the_end() {
    for (_, _, near, _) in WAYS {
        for end in every_end(near) {
            for code in PROTOCOLS.into_iter().filter_map(|protocol| end.close_code(protocol)) {
                assert!(code.may_be_sent(), "{code} {end:?}");
                assert!(end.expected() || !near.sent(code).expected(), "{code} {end:?}");
            }
        }
    }
}

/// Close codes that name another side than the end: code, side of the end, side of the code, reason.
const OTHER_SIDES: &[(&str, Side, Side, &str)] = &[
    ("grpc.12", Side::Remote, Side::Local, "no status blames its receiver"),
    ("grpc.13", Side::Remote, Side::Local, "no status blames its receiver"),
    ("grpc.8", Side::Remote, Side::Local, "no status blames its receiver"),
    ("grpc.14", Side::Network, Side::Local, "the side that sends a status ends the call"),
    ("grpc.14", Side::Remote, Side::Local, "the side that sends a status ends the call"),
    ("grpc.4", Side::Network, Side::Local, "the side that sends a status ends the call"),
    ("grpc.4", Side::Remote, Side::Local, "the side that sends a status ends the call"),
    ("mqtt.141", Side::Remote, Side::Network, "a silent peer may be gone, or its network"),
    ("ssh.10", Side::Remote, Side::Network, "a silent peer may be gone, or its network"),
    ("websocket.3008", Side::Network, Side::Local, "a code that names the network may not be sent"),
    ("websocket.3008", Side::Remote, Side::Local, "a code that names the network may not be sent"),
];

/// Except for a goodbye, which this side answers with its own.
#[test]
fn a_close_code_names_the_same_side_as_the_end() {
    let mut listed: BTreeMap<_, bool> =
        OTHER_SIDES.iter().map(|&(code, end, said, _)| ((code.to_owned(), end as u8, said as u8), false)).collect();
    for (_, _, near, _) in WAYS {
        for end in every_end(near) {
            let side = end.side().unwrap();
            // Only a network error is by the network.
            let names_side = match side {
                Side::Local | Side::Remote => true,
                Side::Network => end.reason().as_str() == "network_error",
                Side::Unknown => false,
            };
            for code in PROTOCOLS.into_iter().filter_map(|protocol| end.close_code(protocol)).filter(|_| names_side) {
                let sent = near.sent(code);
                let said = sent.side().unwrap();
                let is_answer = end.expected() && sent.expected() && said == Side::Local;
                if side != said && !is_answer {
                    let entry = listed.get_mut(&(code.to_string(), side as u8, said as u8));
                    *entry.unwrap_or_else(|| panic!("{code} names {said:?}: {end:?}")) = true;
                }
            }
        }
    }
    let unused: Vec<_> = listed.into_iter().filter(|(_, used)| !used).collect();
    assert!(unused.is_empty(), "listed, but no code needs them: {unused:?}");
}

/// A received or sent code is returned if this side may send it.
#[test]
fn an_end_with_a_code_closes_with_it() {
    let end = Endpoint::SERVER_FACING_CLIENT;
    let closes = |end: &Disconnect| end.code().and_then(|code| end.close_code(code.protocol()));
    for code in [
        Code::websocket(1000),
        Code::websocket(1001),
        Code::websocket(1011),
        Code::websocket(4001),
        Code::ssh(11),
        Code::http2(0xffff),
        Code::tls(0),
        Code::mqtt(0x98),
    ] {
        assert_eq!(closes(&end.received(code)), Some(code), "{code}");
        assert_eq!(closes(&end.sent(code)), Some(code), "{code}");
    }
    // A code of another protocol.
    assert_eq!(end.received(Code::http2(0)).close_code(Protocol::WebSocket), Some(Code::websocket(1000)));
    // A code that may not be sent.
    assert_eq!(closes(&end.received(Code::websocket(1005))), Some(Code::websocket(1000)));
    assert_eq!(closes(&end.received(Code::websocket(1006))), None);
    // The peer accused this side. This side does not accuse the peer.
    assert_eq!(closes(&end.received(Code::websocket(1002))), Some(Code::websocket(1011)));
    assert_eq!(closes(&end.sent(Code::websocket(1002))), Some(Code::websocket(1002)));
    // A server that cancels does not show that a client leaves.
    let cancelled = Endpoint::CLIENT_FACING_SERVER.received(Code::http2(0x08));
    assert_eq!((cancelled.expected(), closes(&cancelled)), (false, None));
    let reset = Verdict::new(DisconnectReason::Unknown, Side::Local).with_code(Code::http2(0));
    assert_eq!(closes(&end.resolve(reset)), Some(Code::http2(0x02)));
    for code in all_codes().filter(|code| code.name().is_some()) {
        for (_, _, near, _) in WAYS {
            for end in [near.received(code), near.sent(code)] {
                if let Some(code) = closes(&end) {
                    assert!(code.may_be_sent() && (end.expected() || !near.sent(code).expected()), "{code} {end:?}");
                }
            }
        }
    }
}

/// A command defines its own status, whichever role the process served.
#[test]
fn a_failed_process_is_not_normal() {
    for code in [Code::exit(1), Code::exit(125), Code::exit(130), Code::signal(2)] {
        assert!(ends(code).all(|end| end.reason().as_str() == "unknown"), "{code}");
    }
}

#[cfg(unix)]
#[test]
fn a_process_ends_by_status_or_signal() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    let exited = |wait_status| {
        let end = Endpoint::AGENT_FACING_CLIENT.process_exited(ExitStatus::from_raw(wait_status));
        let code = end.code().map(|code| code.to_string());
        (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str), code)
    };
    let text = |code: &str| Some(String::from(code));
    assert_eq!(exited(0), ("graceful", Some("agent"), None, text("exit.0")));
    assert_eq!(exited(3 << 8), ("unknown", Some("agent"), Some("exit_status"), text("exit.3")));
    assert_eq!(exited(137 << 8), ("unknown", Some("agent"), Some("killed"), text("exit.137")));
    assert_eq!(exited(255 << 8), ("unknown", Some("agent"), Some("exit_status"), text("exit.255")));
    assert_eq!(exited(130 << 8), ("unknown", Some("agent"), Some("killed"), text("exit.130")));
    assert_eq!(exited(2), ("unknown", Some("agent"), Some("killed"), text("signal.2")));
    assert_eq!(exited(9), ("unknown", Some("agent"), Some("killed"), text("signal.9")));
    assert_eq!(exited(0x8b), ("unknown", Some("agent"), Some("crash"), text("signal.11")));
    assert_eq!(exited(15), ("unknown", Some("agent"), Some("killed"), text("signal.15")));
    assert_eq!(exited(34), ("unknown", Some("agent"), None, text("signal.34")));
    // Stopped, not ended.
    assert_eq!(exited(0x137f), ("unknown", Some("agent"), None, None));
}

/// The rows of `io` errors: the reason is the same at every endpoint.
#[test]
fn io_errors_have_the_reason_of_their_row() {
    let mut seen = 0;
    for row in rows().iter().filter(|row| row.protocol == "io_error_kind") {
        seen += 1;
        let end = Endpoint::AGENT_FACING_SERVER.failed(&io_error(&row.code));
        assert_eq!(end.reason().as_str(), row.reason, "{}", row.code);
    }
    assert_eq!(seen, 22);

    for row in rows().iter().filter(|row| row.protocol == "io" || row.code == "eof") {
        assert_eq!(Endpoint::AGENT_FACING_SERVER.eof().reason().as_str(), row.reason);
    }
}

/// What the kernel reports, and the same kinds without the kernel's number.
#[test]
#[cfg(target_os = "linux")]
fn an_errno_says_who_broke_the_connection() {
    const ECONNABORTED: i32 = 103;
    const ECONNRESET: i32 = 104;
    const EHOSTDOWN: i32 = 112;
    const EHOSTUNREACH: i32 = 113;
    const EINTR: i32 = 4;
    const EMFILE: i32 = 24;
    const ENETRESET: i32 = 102;
    const ENFILE: i32 = 23;
    const ENOBUFS: i32 = 105;
    const EPIPE: i32 = 32;
    const ESHUTDOWN: i32 = 108;
    const ETIMEDOUT: i32 = 110;

    let of = |error: io::Error| {
        let end = Endpoint::AGENT_FACING_SERVER.failed(&error);
        (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str))
    };
    let network = |cause| ("network_error", Some("network"), Some(cause));
    for (errno, expected) in [
        (ECONNABORTED, network("reset")),
        (ECONNRESET, network("reset")),
        (EHOSTDOWN, network("unreachable")),
        (EHOSTUNREACH, network("unreachable")),
        (EINTR, ("unknown", Some(""), None)),
        (EMFILE, ("unknown", Some("agent"), Some("out_of_resources"))),
        (ENETRESET, network("reset")),
        (ENFILE, ("unknown", Some("agent"), Some("out_of_resources"))),
        (ENOBUFS, ("unknown", Some("agent"), Some("out_of_resources"))),
        (EPIPE, network("broken_pipe")),
        (ESHUTDOWN, network("broken_pipe")),
        (ETIMEDOUT, network("keepalive_timeout")),
    ] {
        assert_eq!(of(io::Error::from_raw_os_error(errno)), expected, "errno {errno}");
    }
    assert_eq!(of(io::ErrorKind::TimedOut.into()), network("deadline"));
    assert_eq!(of(io::Error::new(io::ErrorKind::ConnectionAborted, "closed")), network("unclean_eof"));
    assert_eq!(of(io::Error::new(io::ErrorKind::ConnectionAborted, fmt::Error)), ("unknown", Some(""), None));
}

fn io_error(kind: &str) -> io::Error {
    use io::ErrorKind as Kind;
    io::Error::from(match kind {
        "ConnectionReset" => Kind::ConnectionReset,
        // Only the errno means that the connection broke: ECONNABORTED on Linux.
        "ConnectionAborted" => return io::Error::from_raw_os_error(103),
        "BrokenPipe" => Kind::BrokenPipe,
        "UnexpectedEof" => Kind::UnexpectedEof,
        "TimedOut" => Kind::TimedOut,
        "HostUnreachable" => Kind::HostUnreachable,
        "NetworkUnreachable" => Kind::NetworkUnreachable,
        "NetworkDown" => Kind::NetworkDown,
        "AddrNotAvailable" => Kind::AddrNotAvailable,
        "WriteZero" => Kind::WriteZero,
        "ConnectionRefused" => Kind::ConnectionRefused,
        "NotConnected" => Kind::NotConnected,
        "InvalidData" => Kind::InvalidData,
        "PermissionDenied" => Kind::PermissionDenied,
        "OutOfMemory" => Kind::OutOfMemory,
        "QuotaExceeded" => Kind::QuotaExceeded,
        "StorageFull" => Kind::StorageFull,
        "Interrupted" => Kind::Interrupted,
        "WouldBlock" => Kind::WouldBlock,
        "Other" => Kind::Other,
        // ENOBUFS on Linux, which has no `ErrorKind`.
        "Uncategorized" => return io::Error::from_raw_os_error(105),
        "<any other>" => Kind::AlreadyExists,
        _ => panic!("no such kind: {kind}"),
    })
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("data/protocol-codes.json")).unwrap()
}

fn is_code(row: &Row) -> bool {
    !NO_CODES.iter().any(|(protocol, code)| row.protocol == *protocol && code.is_none_or(|code| row.code == code))
}

fn expected(reason: &str) -> bool {
    DisconnectReason::parse(reason).unwrap().expected()
}

/// The answers of the data.
fn answers_of_row(row: &Row) -> Answers {
    let by = |role: &str| row.reason_by_sender.as_ref().map_or(&row.reason, |reasons| &reasons[role]).clone();
    let mut answers = Answers::from([
        (Name, row.name.clone()),
        (ByAgent, by("agent")),
        (ByServer, by("server")),
        (Ambiguous, row.ambiguous.to_string()),
    ]);
    // The initiator of a violation is the violator, not the accuser.
    let accused = row.fault == "receiver" && row.reason == "protocol_error";
    let who = |said: &str, process: &str, accused_is: &str| match said {
        _ if accused => accused_is.to_string(),
        "process_side" => process.to_string(),
        said => said.to_string(),
    };
    answers.insert(Received, who(&row.initiator_received, "peer", "self"));
    if row.protocol == "process" {
        answers.insert(Sent, who(&row.initiator_received, "self", "peer"));
        return answers;
    }
    answers.insert(ByClient, by("client"));
    answers.insert(Sendable, (row.initiator_sent != "never_sent").to_string());
    if row.initiator_sent != "never_sent" {
        answers.insert(Sent, who(&row.initiator_sent, "self", "peer"));
    }
    answers
}

/// The answers of the table, for every code of the row and every pair of roles. For a process: while it served a
/// client's session.
fn answers_of_table(row: &Row) -> Answers {
    let process = row.protocol == "process";
    let mut answers: BTreeMap<Question, BTreeSet<String>> = BTreeMap::new();
    let mut answer = |question, text: &str| {
        answers.entry(question).or_default().insert(text.to_string());
    };
    for code in codes(row) {
        answer(Name, code.name().unwrap_or_default());
        answer(Ambiguous, &code.is_ambiguous().to_string());
        if !process {
            answer(Sendable, &code.may_be_sent().to_string());
        }
        for (from, to, near, far) in WAYS.into_iter().filter(|(_, to, ..)| !process || *to == "client") {
            let by = match from {
                "client" => ByClient,
                "agent" => ByAgent,
                _ => ByServer,
            };
            let (sent, received) = (near.sent(code), far.received(code));
            answer(by, sent.reason().as_str());
            answer(by, received.reason().as_str());
            answer(Received, side(&received, from, to));
            if row.initiator_sent != "never_sent" {
                answer(Sent, side(&sent, to, from));
            }
        }
    }
    answers.into_iter().map(|(question, texts)| (question, Vec::from_iter(texts).join(" or "))).collect()
}

/// The side that a record names, in the terms of the data.
fn side(end: &Disconnect, peer: &str, local: &str) -> &'static str {
    match end.initiator().map(Category::as_str) {
        Some(initiator) if initiator == peer => "peer",
        Some(initiator) if initiator == local => "self",
        Some("network") => "network",
        _ => "unknown",
    }
}

/// The codes of a row. For a range: those without their own row.
fn codes(row: &Row) -> Vec<Code> {
    if row.code == "application" {
        return [0, 1, 256, u64::MAX].map(Code::quic_application).to_vec();
    }
    let (first, last) = match row.code.split_once('-') {
        Some((first, last)) if !first.is_empty() => (number(first), number(last)),
        _ => (number(&row.code), number(&row.code)),
    };
    let own_row = |code: &i32| first != last && [3000, 3003, 3008].contains(code);
    (first..=last).filter(|code| !own_row(code)).map(|number| code(&row.protocol, number)).collect()
}

fn number(text: &str) -> i32 {
    text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| i32::from_str_radix(hex, 16)).unwrap()
}

fn code(protocol: &str, number: i32) -> Code {
    let unsigned = || u32::try_from(number).unwrap();
    let byte = || u8::try_from(number).unwrap();
    match protocol {
        "websocket" => Code::websocket(u16::try_from(number).unwrap()),
        "ssh" => Code::ssh(unsigned()),
        "http2" => Code::http2(unsigned()),
        "http3" => Code::http3(unsigned().into()),
        "quic" => Code::quic(unsigned().into()),
        "tls" => Code::tls(byte()),
        "grpc" => Code::grpc(number),
        "mqtt5" => Code::mqtt(byte()),
        "process" => Code::exit(number),
        _ => panic!("no such protocol: {protocol}"),
    }
}

/// A code, received and sent, for every pair of roles.
fn ends(code: Code) -> impl Iterator<Item = Disconnect> {
    WAYS.into_iter().flat_map(move |(_, _, near, far)| [near.sent(code), far.received(code)])
}

/// SQLSTATEs of the classes that contain a registered one, with subclasses that begin like a registered one.
fn sqlstates() -> impl Iterator<Item = Code> {
    let digits = || ('0'..='9').chain('A'..='Z');
    let classes = ["08", "25", "28", "3D", "53", "57"];
    let subclasses = move || {
        ['0', '1', '2', '3', '4', 'P', 'S']
            .into_iter()
            .flat_map(move |a| digits().flat_map(move |b| digits().map(move |c| [a, b, c])))
    };
    classes.into_iter().flat_map(move |class| {
        subclasses().map(move |subclass| Code::sqlstate(&format!("{class}{}", String::from_iter(subclass))).unwrap())
    })
}

/// All numbers of one or two bytes, and the extremes of larger ones.
fn all_codes() -> impl Iterator<Item = Code> {
    let small = || (0..=u32::from(u16::MAX)).chain([u32::MAX - 1, u32::MAX]);
    let wide = || (0..=u64::from(u16::MAX)).chain([u64::from(u32::MAX), (1 << 62) - 1, 1 << 63, u64::MAX]);
    let signed = || [i32::MIN, i32::MIN + 1].into_iter().chain(-1000..=1000).chain([i32::MAX - 1, i32::MAX]);
    (0..=u16::MAX)
        .map(Code::websocket)
        .chain(small().map(Code::ssh))
        .chain(small().map(Code::http2))
        .chain(wide().map(Code::http3))
        .chain(wide().map(Code::quic))
        .chain(wide().map(Code::quic_application))
        .chain((0..=u8::MAX).map(Code::tls))
        .chain(signed().map(Code::grpc))
        .chain((0..=u8::MAX).map(Code::mqtt))
        .chain((0..=u16::MAX).map(Code::amqp))
        .chain(sqlstates())
        .chain(signed().map(Code::exit))
        .chain(signed().map(Code::signal))
}

/// gRPC over HTTP/2: up to eight digits and a unit.
#[test]
fn grpc_timeout_parses_the_header() {
    for (header, timeout) in [
        ("1H", Some(Duration::from_hours(1))),
        ("2M", Some(Duration::from_mins(2))),
        ("3S", Some(Duration::from_secs(3))),
        ("4m", Some(Duration::from_millis(4))),
        ("5u", Some(Duration::from_micros(5))),
        ("6n", Some(Duration::from_nanos(6))),
        ("99999999H", Some(Duration::from_hours(99_999_999))),
        ("100000000n", None),
        ("", None),
        ("S", None),
        ("1", None),
        ("1s", None),
        ("-1S", None),
        ("1.5S", None),
        ("1 S", None),
        ("1é", None),
    ] {
        assert_eq!(grpc_timeout(Some(header)), timeout, "{header:?}");
    }
    assert_eq!(grpc_timeout(None::<&[u8]>), None);
}
