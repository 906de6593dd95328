//! The event of `disconnected!`: fields, types, order, level, and evaluation.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use disconnect_core::{
    Code, ConnectionDirection, ConnectionMethod, Detail, Disconnect, DisconnectCause, DisconnectField,
    DisconnectInitiator, DisconnectReason, disconnected, slot,
};
use tracing::field::{Empty, Field, Visit};
use tracing::{Event, Level, Subscriber, subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

const KEYS: [&str; 8] = [
    "connect_type",
    "disconnect_reason",
    "disconnect_expected",
    "disconnect_initiator",
    "connection_method",
    "disconnect_cause",
    "disconnect_code",
    "disconnect_detail",
];

/// The phase of closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Flushing,
}

/// A set without an expected flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_path")]
enum ClosePath {
    Fast,
}

fn full() -> Disconnect {
    Disconnect::new(DisconnectReason::ServerShutdown)
        .with_initiator(DisconnectInitiator::Agent)
        .with_direction(ConnectionDirection::ServerToAgent)
        .with_method(ConnectionMethod::Derp)
        .with_cause(DisconnectCause::Restart)
        .with_code(Code::websocket(1012))
        .with_detail("agent is restarting")
}

#[test]
fn a_record_writes_the_eight_keys_in_order() {
    let event = one(|| disconnected!(full(), peer_id = 7, "gone"));
    assert_eq!(event.keys(), [&["message"][..], &KEYS, &["peer_id"]].concat());
    let values: Vec<&str> = event.fields[1..9].iter().map(|(_, value)| value.as_str()).collect();
    let expected = [
        "str server_to_agent",
        "str server_shutdown",
        "bool true",
        "str agent",
        "str derp",
        "str restart",
        "str websocket.1012",
        "str agent is restarting",
    ];
    assert_eq!(values, expected);
}

#[test]
fn slots_write_the_same_in_the_same_order() {
    let event = one(|| {
        disconnected!(
            detail = "agent is restarting",
            code = Code::websocket(1012),
            cause = DisconnectCause::Restart,
            method = ConnectionMethod::Derp,
            initiator = DisconnectInitiator::Agent,
            reason = DisconnectReason::ServerShutdown,
            direction = ConnectionDirection::ServerToAgent,
            peer_id = 7,
            "gone"
        );
    });
    assert_eq!(event, one(|| disconnected!(full(), peer_id = 7, "gone")));
}

#[test]
fn json_and_text_carry_the_keys_in_order() {
    let written = Written::default();
    let json = tracing_subscriber::fmt().json().with_writer(written.make()).finish();
    subscriber::with_default(json, || disconnected!(full(), "gone"));
    let text = tracing_subscriber::fmt().with_ansi(false).with_writer(written.make()).finish();
    subscriber::with_default(text, || disconnected!(full(), "gone"));
    let written = written.text();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines.len(), 2, "{written}");
    for line in &lines {
        let places: Vec<Option<usize>> = KEYS.iter().map(|key| line.find(key)).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{line}");
    }
    let json: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(json["fields"]["disconnect_expected"], true);
    assert_eq!(json["fields"]["disconnect_code"], "websocket.1012");
}

#[test]
fn unset_fields_are_absent_and_the_expected_flag_follows_the_reason() {
    let record = one(|| disconnected!(Disconnect::new(DisconnectReason::Unknown), "gone"));
    let slots = one(|| disconnected!(reason = DisconnectReason::Unknown, "gone"));
    let options = one(|| {
        disconnected!(
            reason = DisconnectReason::Unknown,
            initiator = None::<DisconnectInitiator>,
            code = None,
            detail = None::<String>,
            field(ClosePhase = None),
            "gone"
        );
    });
    for event in [record, slots, options] {
        assert_eq!(event.keys(), ["message", "disconnect_reason", "disconnect_expected"]);
    }
}

#[test]
fn the_expected_flag_selects_the_level() {
    assert_eq!(one(|| disconnected!(reason = DisconnectReason::Graceful, "gone")).level, Level::INFO);
    assert_eq!(one(|| disconnected!(reason = DisconnectReason::Unknown, "gone")).level, Level::WARN);
    assert_eq!(one(|| disconnected!(Disconnect::new(DisconnectReason::Graceful), "gone")).level, Level::INFO);
    assert_eq!(one(|| disconnected!(Disconnect::new(DisconnectReason::ProtocolError), "gone")).level, Level::WARN);
}

#[test]
fn a_shutdown_whose_goodbye_timed_out_is_expected_and_warns() {
    let late = Disconnect::new(DisconnectReason::ServerShutdown).with_cause(DisconnectCause::Deadline);
    let event = one(|| disconnected!(late, "gone"));
    assert_eq!((event.level, event.get("disconnect_expected")), (Level::WARN, Some("bool true")));
}

#[test]
fn level_target_and_parent_can_be_set() {
    let event = one(|| {
        let session = tracing::info_span!("session");
        disconnected!(level: DEBUG, target: "ends", parent: &session, full(), "gone");
    });
    assert_eq!((event.level, event.target.as_str(), event.parent.as_deref()), (Level::DEBUG, "ends", Some("session")));
    let event = one(|| disconnected!(level: tracing::Level::ERROR, reason = DisconnectReason::Graceful, "gone"));
    assert_eq!((event.level, event.target.as_str()), (Level::ERROR, module_path!()));
}

#[test]
fn the_event_has_a_name() {
    let end = full();
    for event in all(|| {
        disconnected!(end, "gone");
        disconnected!(level: DEBUG, reason = DisconnectReason::Graceful, "gone");
        disconnected!(level: DEBUG, target: "ends", parent: None, reason = DisconnectReason::Graceful, "gone");
    }) {
        assert_eq!(event.name, "disconnect");
    }
}

#[test]
fn two_levels_can_be_set_for_expected_and_unexpected_ends() {
    let level = |reason| one(|| disconnected!(level: DEBUG | tracing::Level::ERROR, reason = reason, "gone")).level;
    assert_eq!(level(DisconnectReason::Graceful), Level::DEBUG);
    assert_eq!(level(DisconnectReason::Unknown), Level::ERROR);

    let level = |end| one(|| disconnected!(level: TRACE | WARN, target: "ends", end, "gone")).level;
    assert_eq!(level(full()), Level::TRACE);
    assert_eq!(level(full().with_cause(DisconnectCause::Deadline)), Level::WARN);
    assert_eq!(level(Disconnect::new(DisconnectReason::NetworkError)), Level::WARN);
}

#[test]
fn with_two_disabled_levels_only_the_selector_is_evaluated() {
    let evaluated = Cell::new(0);
    let count = || evaluated.set(evaluated.get() + 1);
    subscriber::with_default(Off, || {
        disconnected!(
            level: DEBUG | WARN,
            reason = {
                count();
                DisconnectReason::Graceful
            },
            detail = {
                count();
                "text"
            },
            group({ count(); Some(String::new()) } => length = len()),
            "gone"
        );
    });
    assert_eq!(evaluated.get(), 1);
}

/// What a service logs for an end that a build caused.
#[derive(Clone)]
struct Build {
    id: u64,
    reason: String,
    transition: Option<&'static str>,
    by: (io::ErrorKind, f64),
}

fn build() -> Build {
    let by = (io::ErrorKind::TimedOut, 0.5);
    Build { id: 7, reason: "initiator".to_owned(), transition: Some("stop"), by }
}

fn own(event: &Seen, from: usize) -> Vec<(&str, &str)> {
    event.fields[from..].iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[test]
fn a_group_adds_fields_of_an_optional_value() {
    let log = |build: Option<&Build>| {
        one(|| {
            disconnected!(
                full(),
                group(build => build_id = id, build_reason = reason, transition),
                client_session_id = 3,
                "gone"
            );
        })
    };
    let fields = [("build_id", "u64 7"), ("build_reason", "str initiator"), ("transition", "str stop")];
    assert_eq!(own(&log(Some(&build())), 9), [&fields[..], &[("client_session_id", "i64 3")]].concat());
    assert_eq!(own(&log(None), 9), [("client_session_id", "i64 3")]);
    let without_transition = Build { transition: None, ..build() };
    assert_eq!(own(&log(Some(&without_transition)), 9)[2], ("client_session_id", "i64 3"));
}

#[test]
fn a_group_accepts_any_option_and_any_field_form() {
    const KEY: &str = "from.a.constant";
    let owned = Some(build());
    let shared = Some(Arc::new(build()));
    let event = one(|| {
        disconnected!(
            level: DEBUG,
            group(owned => id, why = %reason, ?transition, kind = ?by.0, net.share = by.1, { KEY } = id),
            reason = DisconnectReason::Graceful,
            group(&shared => "cause" = reason, length = reason.len(), upper = %reason.to_uppercase()),
            group(Some(&build()) => r#type = transition),
            "gone"
        );
    });
    let fields = [
        ("id", "u64 7"),
        ("why", "debug initiator"),
        ("transition", "debug Some(\"stop\")"),
        ("kind", "debug TimedOut"),
        ("net.share", "f64 0.5"),
        ("from.a.constant", "u64 7"),
        ("cause", "str initiator"),
        ("length", "u64 9"),
        ("upper", "debug INITIATOR"),
        ("type", "str stop"),
    ];
    assert_eq!(own(&event, 3), fields);
    assert_eq!(owned.map(|build| build.id), Some(7), "it is borrowed");
}

#[test]
fn a_group_is_evaluated_once() {
    for enabled in [true, false] {
        let evaluated = Cell::new(0);
        let log = || {
            let count = || {
                evaluated.set(evaluated.get() + 1);
                Some(build())
            };
            disconnected!(level: DEBUG, full(), group(count() => id, transition), "gone");
        };
        if enabled {
            assert_eq!(all(log).len(), 1);
        } else {
            subscriber::with_default(Off, log);
        }
        assert_eq!(evaluated.get(), u32::from(enabled));
    }
}

#[test]
fn an_empty_detail_is_absent() {
    let record = Disconnect::new(DisconnectReason::Unknown).with_detail("first").with_detail(String::new());
    for event in [
        one(|| disconnected!(record, "gone")),
        one(|| disconnected!(reason = DisconnectReason::Unknown, detail = "", "gone")),
        one(|| disconnected!(reason = DisconnectReason::Unknown, detail = %"", "gone")),
    ] {
        assert_eq!(event.keys(), ["message", "disconnect_reason", "disconnect_expected"]);
    }
    assert_eq!(record, Disconnect::new(DisconnectReason::Unknown));
}

#[test]
fn own_fields_accept_every_tracing_form() {
    const KEY: &str = "from.a.constant";
    let (id, name, r#type) = (3_u64, "n", "t");
    let event = one(|| {
        disconnected!(
            full(),
            plain = 1,
            display = %id,
            debug = ?name,
            net.peer = name,
            "with space" = true,
            { KEY } = 2.5,
            id,
            %name,
            ?r#type,
            node = 4,
            "methods" = 5,
            "gone, {name}"
        );
    });
    let own: Vec<(&str, &str)> = event.fields[9..].iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected = [
        ("plain", "i64 1"),
        ("display", "debug 3"),
        ("debug", "debug \"n\""),
        ("net.peer", "str n"),
        ("with space", "bool true"),
        ("from.a.constant", "f64 2.5"),
        ("id", "u64 3"),
        ("name", "debug n"),
        ("type", "debug \"t\""),
        ("node", "i64 4"),
        ("methods", "i64 5"),
    ];
    assert_eq!(own, expected);
    assert_eq!(event.get("message"), Some("debug gone, n"));
}

#[test]
fn an_own_category_logs_its_expected_flag_if_it_has_one() {
    let event = one(|| {
        disconnected!(
            full(),
            field(ClosePhase = ClosePhase::Draining),
            field(ClosePath = Some(ClosePath::Fast)),
            "gone"
        );
    });
    let own: Vec<(&str, &str)> = event.fields[9..].iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        own,
        [("close_phase", "str draining"), ("close_phase_expected", "bool true"), ("close_path", "str fast")]
    );
    let event =
        one(|| disconnected!(reason = DisconnectReason::Unknown, field(ClosePhase = ClosePhase::Flushing), "gone"));
    assert_eq!(event.get("close_phase_expected"), Some("bool false"));
}

#[test]
fn slots_work_in_generic_code() {
    fn log<R: slot::Reason, I: slot::Initiator>(why: R, who: Option<I>) {
        disconnected!(reason = why, initiator = who, "gone");
    }
    fn route<D: slot::Direction, M: slot::Method, C: slot::Cause>(direction: D, method: M, cause: C) {
        let reason = DisconnectReason::Unknown;
        disconnected!(reason = reason, direction = direction, method = method, cause = cause, "gone");
    }
    let event = one(|| log(DisconnectReason::ClientClosed, Some(DisconnectInitiator::Client)));
    assert_eq!(event.get("disconnect_initiator"), Some("str client"));
    let event = one(|| route(ConnectionDirection::ClientToServer, ConnectionMethod::Derp, DisconnectCause::Reset));
    let keys = ["connect_type", "connection_method", "disconnect_cause"];
    assert_eq!(keys.map(|key| event.get(key)), [Some("str client_to_server"), Some("str derp"), Some("str reset")]);
}

#[test]
fn the_record_may_be_borrowed() {
    let end = full();
    let by_name = one(|| disconnected!(level: DEBUG, end, "gone"));
    let by_reference = one(|| disconnected!(level: DEBUG, &end, "gone"));
    assert_eq!(by_name, by_reference);
    assert_eq!(end, full());
}

#[test]
fn every_expression_is_evaluated_once() {
    for enabled in [true, false] {
        let evaluated = Cell::new(0);
        let count = |reason| {
            evaluated.set(evaluated.get() + 1);
            reason
        };
        let log = || {
            disconnected!(
                level: DEBUG,
                reason = count(DisconnectReason::Graceful),
                cause = { count(DisconnectReason::Graceful); DisconnectCause::Restart },
                detail = { count(DisconnectReason::Graceful); "text" },
                field(ClosePhase = { count(DisconnectReason::Graceful); ClosePhase::Draining }),
                own = { count(DisconnectReason::Graceful); 1 },
                "gone"
            );
            disconnected!(level: DEBUG, Disconnect::new(count(DisconnectReason::Graceful)), "gone");
        };
        if enabled {
            assert_eq!(all(log).len(), 2);
        } else {
            subscriber::with_default(Off, log);
        }
        assert_eq!(evaluated.get(), if enabled { 6 } else { 0 });
    }
}

#[test]
fn a_disabled_event_evaluates_only_the_level_selector() {
    let (reasons, others) = (Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u32>| counter.set(counter.get() + 1);
    subscriber::with_default(Off, || {
        disconnected!(
            reason = {
                count(&reasons);
                DisconnectReason::Graceful
            },
            initiator = {
                count(&others);
                DisconnectInitiator::Client
            },
            cause = {
                count(&others);
                DisconnectCause::Restart
            },
            detail = {
                count(&others);
                "text"
            },
            field(
                ClosePhase = {
                    count(&others);
                    ClosePhase::Draining
                }
            ),
            own = {
                count(&others);
                1
            },
            "gone"
        );
        disconnected!(
            {
                count(&reasons);
                full()
            },
            own = {
                count(&others);
                1
            },
            "gone"
        );
    });
    assert_eq!((reasons.get(), others.get()), (2, 0));
}

#[test]
fn a_hostile_detail_is_one_clean_line() {
    let hostile = [
        "two\nlines\r\n\tand a tab",
        "\u{1b}[31mred\u{1b}[0m \u{9b}31m",
        "\u{202e}reversed\u{2066} \u{200b}hidden\u{feff} \u{e0041}",
        "nul\0 del\u{7f} \u{2028}line",
        &"é".repeat(1 << 19),
        &"\u{1b}".repeat(1 << 20),
    ];
    for text in hostile {
        let of_slot = one(|| disconnected!(reason = DisconnectReason::Unknown, detail = text, "gone"));
        let record = Disconnect::new(DisconnectReason::Unknown).with_detail(text.to_owned());
        let of_record = one(|| disconnected!(record, "gone"));
        assert_eq!(of_slot, of_record);
        let detail = of_slot.get("disconnect_detail").unwrap().strip_prefix("str ").unwrap();
        assert!(detail.len() <= 256, "{}", detail.len());
        assert!(detail.len() > 252 || detail.chars().count() == text.chars().count(), "lost too much: {detail:?}");
        assert!(
            !detail.chars().any(|c| c.is_control() || "\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}".contains(c))
        );
    }
    let event = one(|| disconnected!(reason = DisconnectReason::Unknown, detail = "a\nb \u{1b}[31m", "gone"));
    assert_eq!(event.get("disconnect_detail"), Some("str a b \u{fffd}[31m"));
}

/// `Default_Ignorable_Code_Point` of Unicode 17.0, `DerivedCoreProperties.txt`.
const HIDDEN: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

#[test]
fn a_detail_slot_takes_every_kind_of_text() {
    let reason = DisconnectReason::Unknown;
    let texts = [
        one(|| disconnected!(reason = reason, detail = "a text", "gone")),
        one(|| disconnected!(reason = reason, detail = Detail::from("a text"), "gone")),
        one(|| disconnected!(reason = reason, detail = Some(Detail::from("a text")), "gone")),
        one(|| disconnected!(reason = reason, detail = Cow::from("a text"), "gone")),
        one(|| disconnected!(reason = reason, detail = format_args!("a {}", "text"), "gone")),
    ];
    for event in texts {
        assert_eq!(event.get("disconnect_detail"), Some("str a text"));
    }
}

#[test]
fn a_detail_contains_no_hidden_character() {
    let detail = |text: &str| {
        let detail = Detail::from(format_args!("{text}"));
        let slot = one(|| disconnected!(reason = DisconnectReason::Unknown, detail = text, "gone"));
        assert_eq!(slot.get("disconnect_detail"), Some(&*format!("str {detail}")));
        detail.as_str().to_owned()
    };
    for c in HIDDEN.into_iter().flatten() {
        let text = format!("a{c}b");
        let details = [
            Detail::from(text.clone()),
            Detail::from(text.clone().into_boxed_str()),
            Detail::from(Cow::from(text)),
            Detail::from(Cow::from("a\u{7}b")),
        ];
        assert!(details.iter().all(|detail| detail.as_str() == "a\u{fffd}b"), "{}", c.escape_unicode());
    }
    for first in HIDDEN.map(|range| *range.start()) {
        assert_eq!(detail(&format!("a{first}b")), "a\u{fffd}b");
    }
    for text in ["größer: 100 %", "соединение закрыто", "連線中斷", "연결 끊김", "خطأ", "कनेक्शन", "e\u{301} 🦀 \u{a0}°"]
    {
        assert_eq!(detail(text), text);
    }
}

#[test]
fn a_detail_cannot_imitate_fields() {
    let written = Written::default();
    let text = tracing_subscriber::fmt().with_ansi(false).with_writer(written.make()).finish();
    let forged = "x\" disconnect_expected=true\ndisconnect_reason=\"graceful\"";
    subscriber::with_default(text, || disconnected!(reason = DisconnectReason::NetworkError, detail = forged, "gone"));
    let written = written.text();
    assert_eq!(written.lines().count(), 1, "{written}");
    assert!(
        written.contains(r#"disconnect_detail="x\" disconnect_expected=true disconnect_reason=\"graceful\"""#),
        "{written}"
    );
}

#[test]
fn formatting_of_a_huge_value_stops() {
    struct Huge<'a>(&'a Cell<u32>);
    impl fmt::Display for Huge<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..1_000_000).try_for_each(|_| {
                self.0.set(self.0.get() + 1);
                f.write_str("0123456789")
            })
        }
    }
    let writes = Cell::new(0);
    let event = one(|| disconnected!(reason = DisconnectReason::Unknown, detail = %Huge(&writes), "gone"));
    assert_eq!(event.get("disconnect_detail").unwrap().len(), "str ".len() + 256);
    assert_eq!(writes.get(), 26);
}

#[test]
fn a_detail_accepts_any_text_and_formats_on_request() {
    let owned = String::from("owned");
    let boxed: Box<str> = "boxed".into();
    for (event, text) in [
        (one(|| disconnected!(reason = DisconnectReason::Unknown, detail = owned, "gone")), "str owned"),
        (one(|| disconnected!(reason = DisconnectReason::Unknown, detail = Some(&boxed), "gone")), "str boxed"),
        (
            one(|| disconnected!(reason = DisconnectReason::Unknown, detail = %io::ErrorKind::TimedOut, "gone")),
            "str timed out",
        ),
        (
            one(|| disconnected!(reason = DisconnectReason::Unknown, detail = ?io::ErrorKind::TimedOut, "gone")),
            "str TimedOut",
        ),
        (
            one(|| disconnected!(reason = DisconnectReason::Unknown, detail = full().detail(), "gone")),
            "str agent is restarting",
        ),
    ] {
        assert_eq!(event.get("disconnect_detail"), Some(text));
    }
}

#[test]
fn a_span_accepts_its_declared_fields() {
    let written = Written::default();
    let json = tracing_subscriber::fmt().json().with_writer(written.make()).finish();
    subscriber::with_default(json, || {
        let span = tracing::info_span!(
            "session",
            disconnect_reason = Empty,
            disconnect_expected = Empty,
            disconnect_code = Empty
        );
        full().record_on(&span);
        span.in_scope(|| tracing::info!("after"));
    });
    let line: serde_json::Value = serde_json::from_str(&written.text()).unwrap();
    let span = serde_json::json!({
        "name": "session",
        "disconnect_reason": "server_shutdown",
        "disconnect_expected": true,
        "disconnect_code": "websocket.1012",
    });
    assert_eq!(line["span"], span);
}

/// One event, with the type of each recorded value.
#[derive(Debug, PartialEq)]
struct Seen {
    name: &'static str,
    level: Level,
    target: String,
    parent: Option<String>,
    fields: Vec<(String, String)>,
}

impl Seen {
    fn keys(&self) -> Vec<&str> {
        self.fields.iter().map(|(key, _)| key.as_str()).collect()
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }
}

fn all(log: impl FnOnce()) -> Vec<Seen> {
    let seen = Arc::default();
    subscriber::with_default(tracing_subscriber::registry().with(Capture(Arc::clone(&seen))), log);
    std::mem::take(&mut *seen.lock().unwrap())
}

fn one(log: impl FnOnce()) -> Seen {
    let mut seen = all(log);
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

struct Capture(Arc<Mutex<Vec<Seen>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(Seen {
            name: event.metadata().name(),
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            parent: context.event_span(event).map(|span| span.name().to_owned()),
            fields: fields.0,
        });
    }
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn push(&mut self, field: &Field, typed: &str, value: impl fmt::Display) {
        self.0.push((field.name().to_owned(), format!("{typed} {value}")));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, "debug", format_args!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, "str", value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, "bool", value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, "i64", value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, "u64", value);
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, "f64", value);
    }
}

/// A subscriber that is not interested in anything.
struct Off;

impl Subscriber for Off {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        false
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// The output of a real subscriber.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn make(&self) -> impl Fn() -> Self + Send + Sync + 'static {
        let this = self.clone();
        move || this.clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The keys of the line, for a database or a message.
#[test]
#[cfg(feature = "serde")]
fn a_record_is_serialized_under_its_log_keys() {
    let end = Disconnect::new(DisconnectReason::ServerShutdown)
        .with_initiator(DisconnectInitiator::Agent)
        .with_direction(ConnectionDirection::ServerToAgent)
        .with_cause(DisconnectCause::Restart)
        .with_code(Code::websocket(1012))
        .with_detail("an upgrade");
    let written = r#"{"connect_type":"server_to_agent","disconnect_reason":"server_shutdown","disconnect_expected":true,"disconnect_initiator":"agent","disconnect_cause":"restart","disconnect_code":"websocket.1012","disconnect_detail":"an upgrade"}"#;
    assert_eq!(serde_json::to_string(&end).unwrap(), written);
    let bare = Disconnect::new(DisconnectReason::Unknown);
    assert_eq!(serde_json::to_string(&bare).unwrap(), r#"{"disconnect_reason":"unknown","disconnect_expected":false}"#);
}
