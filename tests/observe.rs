//! `DisconnectLayer`: it reads disconnect events of any origin and reports inconsistencies.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use disconnect_core::{
    Code, ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause, DisconnectField, DisconnectInitiator,
    DisconnectLayer, DisconnectReason, Inconsistency, Observed, Recorded, disconnected,
};
use tracing::field::Empty;
use tracing::{Level, info, info_span, subscriber};
use tracing_subscriber::layer::SubscriberExt;

type Seen = Arc<Mutex<Vec<Observed>>>;

/// A layer that keeps the observed events.
fn keeping(seen: &Seen) -> DisconnectLayer<impl Fn(&Observed) + use<>> {
    let seen = seen.clone();
    DisconnectLayer::new(move |end: &Observed| seen.lock().unwrap().push(end.clone()))
}

fn take(seen: &Seen) -> Vec<Observed> {
    std::mem::take(&mut seen.lock().unwrap())
}

fn observe(work: impl FnOnce()) -> Vec<Observed> {
    let seen = Seen::default();
    subscriber::with_default(tracing_subscriber::registry().with(keeping(&seen).layer()), work);
    take(&seen)
}

fn observe_one(work: impl FnOnce()) -> Observed {
    let [end] = observe(work).try_into().unwrap();
    end
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

fn assert_full(end: &Observed) {
    assert_eq!(end.reason().known(), Some(DisconnectReason::ServerShutdown));
    assert_eq!((end.expected(), end.logged_expected()), (true, Some(true)));
    assert_eq!(end.initiator().and_then(Recorded::known), Some(DisconnectInitiator::Agent));
    assert_eq!(end.direction().and_then(Recorded::known), Some(ConnectionDirection::ServerToAgent));
    assert_eq!(end.method().and_then(Recorded::known), Some(ConnectionMethod::Derp));
    assert_eq!(end.cause().and_then(Recorded::known), Some(DisconnectCause::Restart));
    assert_eq!((end.code(), end.detail()), (Some("websocket.1012"), Some("agent is restarting")));
    assert_eq!(end.inconsistencies(), []);
}

#[test]
fn a_record_is_read_back_completely() {
    let end = observe_one(|| disconnected!(full(), "gone"));
    assert_full(&end);
    assert_eq!((end.message(), end.target(), end.level()), (Some("gone"), module_path!(), Level::INFO));
    let end = observe_one(|| {
        disconnected!(
            reason = DisconnectReason::Unknown,
            initiator = DisconnectInitiator::Agent,
            method = ConnectionMethod::Derp,
            "gone"
        );
    });
    assert_eq!((end.initiator_as(), end.method_as()), (Some(DisconnectInitiator::Agent), Some(ConnectionMethod::Derp)));
    assert_eq!(end.initiator_as::<GameLink>(), None);
}

#[test]
fn a_hand_written_event_is_read_as_well() {
    assert_full(&observe_one(|| {
        info!(
            disconnect_detail = "agent is restarting",
            disconnect_reason = "server_shutdown",
            disconnect_initiator = %DisconnectInitiator::Agent,
            disconnect_expected = true,
            connect_type = %"server_to_agent",
            connection_method = ?Derp,
            disconnect_cause = "restart",
            disconnect_code = %Code::websocket(1012),
        );
    }));
}

/// A type whose `Debug` is the logged value.
struct Derp;

impl fmt::Debug for Derp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("derp")
    }
}

#[test]
fn unset_fields_are_absent() {
    let end = observe_one(|| disconnected!(Disconnect::new(DisconnectReason::Unknown), "gone"));
    assert!(end.initiator().is_none() && end.direction().is_none() && end.method().is_none() && end.cause().is_none());
    assert_eq!((end.code(), end.detail(), end.field("peer_id")), (None, None, None));
    let end = observe_one(|| {
        disconnected!(reason = DisconnectReason::Unknown, initiator = DisconnectInitiator::Unknown, "gone");
    });
    assert_eq!(end.initiator().and_then(Recorded::known), Some(DisconnectInitiator::Unknown), "the empty text");
}

#[test]
fn other_events_are_ignored() {
    let ends = observe(|| {
        info!(peer_id = 7, "connected");
        info!(reason = "network_error", disconnect_initiator = "client", "no reason of ours");
        // Declared without a value.
        info!(disconnect_reason = Empty, "declared");
        info_span!("session", disconnect_reason = "graceful").in_scope(|| info!("inside"));
    });
    assert!(ends.is_empty(), "{ends:?}");
}

#[test]
fn wrong_types_are_kept_and_reported() {
    let end = observe_one(|| info!(disconnect_reason = 7, disconnect_expected = "yes", disconnect_initiator = true));
    assert_eq!(end.reason().as_str(), "7");
    assert_eq!(end.initiator().unwrap().as_str(), "true");
    assert!(!end.expected() && end.logged_expected().is_none());
    let wrong = |key| Inconsistency::WrongType(key);
    let keys = ["disconnect_reason", "disconnect_expected", "disconnect_initiator"];
    assert_eq!(end.inconsistencies(), keys.map(wrong));
    assert!(!end.is_consistent());

    let ends = observe(|| {
        info!(disconnect_reason = 1.5, disconnect_expected = false);
        info!(disconnect_reason = &b"graceful"[..], disconnect_expected = false);
        info!(disconnect_reason = 7_u64, disconnect_expected = false);
        info!(disconnect_reason = 7_i128, disconnect_expected = false);
        info!(disconnect_reason = 7_u128, disconnect_expected = false);
        let error: Box<dyn std::error::Error> = "no route".into();
        info!(disconnect_reason = &*error, disconnect_expected = false);
        info!(disconnect_reason = "unknown", disconnect_code = 1001, disconnect_expected = false);
        info!(disconnect_reason = "unknown", disconnect_expected = 0);
    });
    assert_eq!(ends.len(), 8);
    for end in ends {
        assert!(matches!(end.inconsistencies(), [Inconsistency::WrongType(_)]), "{end}");
        assert!(!end.expected());
    }
}

#[test]
fn unknown_values_are_kept_and_reported() {
    let end = observe_one(|| {
        info!(disconnect_reason = "quota", disconnect_expected = false, connection_method = "carrier pigeon");
    });
    assert_eq!((end.reason().as_str(), end.method().unwrap().as_str()), ("quota", "carrier pigeon"));
    assert_eq!(end.inconsistencies(), ["disconnect_reason", "connection_method"].map(Inconsistency::UnknownValue));
    // The category may belong to an unregistered enum.
    assert!(end.is_consistent() && !end.expected());
}

/// The layer cannot verify the claim.
#[test]
fn an_unknown_reason_that_claims_to_be_expected_is_reported() {
    let end = observe_one(|| info!(disconnect_reason = "quota", disconnect_expected = true));
    let unknown = Inconsistency::UnknownValue("disconnect_reason");
    assert_eq!(end.inconsistencies(), [unknown, Inconsistency::ExpectedUnregistered]);
    assert_eq!((end.is_consistent(), end.expected(), end.logged_expected()), (false, false, Some(true)));
}

#[test]
fn contradictions_are_reported() {
    let inconsistencies = |work: fn()| observe_one(work).inconsistencies().to_vec();
    assert_eq!(inconsistencies(|| info!(disconnect_reason = "graceful")), [Inconsistency::ExpectedMissing]);
    let contradicts = || info!(disconnect_reason = "graceful", disconnect_expected = false);
    assert_eq!(inconsistencies(contradicts), [Inconsistency::ExpectedContradicts]);
    assert!(!observe_one(contradicts).expected());
    let by = |initiator: &'static str, reported: &[Inconsistency]| {
        let end = observe_one(|| {
            info!(disconnect_reason = "client_closed", disconnect_expected = true, disconnect_initiator = initiator);
        });
        assert_eq!(end.inconsistencies(), reported, "client_closed by {initiator:?}");
        let is_unknown = |found: &Inconsistency| matches!(found, Inconsistency::UnknownValue(_));
        assert_eq!(end.is_consistent(), reported.iter().all(is_unknown), "client_closed by {initiator:?}");
    };
    by("client", &[]);
    by("", &[]);
    by("subscriber", &[Inconsistency::UnknownValue("disconnect_initiator")]);
    by("server", &[Inconsistency::ClosedByAnother]);
    by("agent", &[Inconsistency::ClosedByAnother]);
    by("network", &[Inconsistency::ExpectedOfNetwork, Inconsistency::ClosedByAnother]);
    assert_eq!(
        inconsistencies(|| disconnected!(
            reason = DisconnectReason::Graceful,
            initiator = DisconnectInitiator::Network,
            "x"
        )),
        [Inconsistency::ExpectedOfNetwork]
    );
    let own = || info!(disconnect_reason = "quota", disconnect_expected = true, disconnect_initiator = "network");
    assert_eq!(
        inconsistencies(own),
        [
            Inconsistency::UnknownValue("disconnect_reason"),
            Inconsistency::ExpectedUnregistered,
            Inconsistency::ExpectedOfNetwork
        ]
    );
    assert_eq!(
        inconsistencies(|| disconnected!(
            reason = DisconnectReason::NetworkError,
            initiator = DisconnectInitiator::Client,
            "x"
        )),
        []
    );
}

#[test]
fn a_repeated_key_is_reported() {
    let end = observe_one(|| {
        info!(
            disconnect_reason = "network_error",
            disconnect_reason = "graceful",
            disconnect_expected = false,
            disconnect_expected = true,
            disconnect_expected = true,
        );
    });
    assert_eq!(end.inconsistencies(), ["disconnect_reason", "disconnect_expected"].map(Inconsistency::Repeated));
    assert!(!end.is_consistent());
}

/// tracing caches the call sites that the layer does not want.
#[test]
fn cached_call_sites_stay_correct() {
    let ends = observe(|| {
        for round in 0..3 {
            info!(round, "connected");
            // The same call site with and without a reason.
            info!(disconnect_reason = (round == 1).then_some("graceful"), disconnect_expected = true);
            disconnected!(reason = DisconnectReason::Unknown, round, "gone");
        }
    });
    let reasons: Vec<_> = ends.iter().map(|end| end.reason().as_str()).collect();
    assert_eq!(reasons, ["unknown", "graceful", "unknown", "unknown"]);
}

#[test]
fn hostile_texts_are_cut_and_cleaned() {
    let huge = "é".repeat(1 << 20);
    let end = observe_one(|| {
        info!(
            disconnect_reason = huge.as_str(),
            disconnect_expected = false,
            disconnect_initiator = %huge,
            disconnect_detail = "line 1\nlevel=ERROR disconnect_reason=graceful \u{1b}[31m",
        );
    });
    assert_eq!(end.reason().as_str().len(), Observed::MAX_LEN);
    assert_eq!(end.initiator().unwrap().as_str().len(), Observed::MAX_LEN);
    assert!(end.inconsistencies().contains(&Inconsistency::Cut("disconnect_reason")));
    assert!(end.inconsistencies().contains(&Inconsistency::Cut("disconnect_initiator")));
    let long = observe_one(|| disconnected!(reason = DisconnectReason::Unknown, "{huge}"));
    assert_eq!(long.inconsistencies(), [], "a cut message is not reported");
    let shown = end.to_string();
    assert!(!shown.contains(['\n', '\u{1b}']) && shown.len() < 2048, "{shown}");
}

#[test]
fn a_text_is_kept_or_its_cut_is_reported() {
    let (fits, cut) = ([], |key| [Inconsistency::Cut(key)]);
    let of_detail = |detail: &str| {
        let end = observe_one(|| {
            info!(disconnect_reason = "unknown", disconnect_expected = false, disconnect_detail = detail);
        });
        (end.detail().unwrap().len(), end.inconsistencies().to_vec())
    };
    let of_code = |code: &str| {
        let end = observe_one(|| {
            info!(disconnect_reason = "unknown", disconnect_expected = false, disconnect_code = %code);
        });
        (end.code().unwrap().len(), end.inconsistencies().to_vec())
    };
    // Longer than the details of this library.
    assert_eq!(of_detail(&"x".repeat(257)), (257, fits.to_vec()));
    assert_eq!(of_detail(&"x".repeat(1024)), (1024, fits.to_vec()));
    assert_eq!(of_detail(&"x".repeat(1025)), (1024, cut("disconnect_detail").to_vec()));
    assert_eq!(of_code(&"x".repeat(1024)), (1024, fits.to_vec()));
    assert_eq!(of_code(&"x".repeat(1025)), (1024, cut("disconnect_code").to_vec()));
    // A text that arrives in parts.
    let in_parts = |parts| {
        observe_one(|| info!(disconnect_reason = ?Parts(parts), disconnect_expected = false)).reason().as_str().len()
    };
    assert_eq!([2, 3, 4, 5].map(in_parts), [600, 900, 1024, 1024]);
    // The replacement of an escape character has three bytes.
    assert_eq!(of_detail(&"\u{1b}".repeat(1000)), (1023, cut("disconnect_detail").to_vec()));
    assert_eq!(of_detail(&"\u{1b}".repeat(2000)), (1023, cut("disconnect_detail").to_vec()), "once");
}

/// Writes 300 bytes at a time.
struct Parts(usize);

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0).try_for_each(|_| f.write_str(&"x".repeat(300)))
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[test]
fn a_value_whose_debug_fails_is_kept() {
    struct Fails;
    impl fmt::Debug for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("network_error")?;
            Err(fmt::Error)
        }
    }
    let end = observe_one(|| info!(disconnect_reason = ?Fails, disconnect_expected = false));
    assert_eq!(end.reason().as_str(), "network_error");
    assert_eq!(end.inconsistencies(), [Inconsistency::Cut("disconnect_reason")]);
}

/// Why a player left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Quit,
    Idle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum GameLink {
    Lobby,
}

#[test]
fn registered_categories_are_known() {
    let seen = Seen::default();
    let layer = keeping(&seen).register::<LeaveReason>().register::<GameLink>().layer();
    subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        disconnected!(reason = LeaveReason::Quit, direction = GameLink::Lobby, "left");
        disconnected!(reason = LeaveReason::Idle, "left");
        info!(disconnect_reason = "idle", disconnect_expected = true);
    });
    let [quit, idle, wrong] = take(&seen).try_into().unwrap();
    assert!(quit.expected() && quit.inconsistencies().is_empty() && !quit.reason().valid());
    assert_eq!((quit.reason_as(), quit.direction_as()), (Some(LeaveReason::Quit), Some(GameLink::Lobby)));
    assert!(!idle.expected() && idle.inconsistencies().is_empty());
    assert_eq!(wrong.inconsistencies(), [Inconsistency::ExpectedContradicts]);
}

#[test]
fn requested_fields_are_found_on_event_and_spans() {
    let seen = Seen::default();
    let layer = keeping(&seen).fields(["session", "peer", "late", "missing"]).layer();
    subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let outer = info_span!("outer", session = "outer", peer = 7, late = Empty, other = "not asked for").entered();
        let inner = info_span!("inner", session = "inner", peer = Empty).entered();
        outer.record("late", "recorded later");
        outer.record("late", "recorded again");
        disconnected!(reason = DisconnectReason::Unknown, peer = ?"event", "gone");
        drop(inner);
        disconnected!(reason = DisconnectReason::Unknown, "gone");
    });
    let [inside, outside] = take(&seen).try_into().unwrap();
    let fields = |end: &Observed| {
        ["session", "peer", "late", "missing", "other"].map(|name| end.field(name).unwrap_or("-").to_owned())
    };
    assert_eq!(fields(&inside), ["inner", "\"event\"", "recorded again", "-", "-"]);
    assert_eq!(fields(&outside), ["outer", "7", "recorded again", "-", "-"]);
}

#[test]
fn two_layers_have_separate_fields() {
    let (first, second) = (Seen::default(), Seen::default());
    let subscriber = tracing_subscriber::registry()
        .with(keeping(&first).fields(["session"]).layer())
        .with(keeping(&second).fields(["peer"]).layer());
    subscriber::with_default(subscriber, || {
        let _span = info_span!("session", session = "7f3a", peer = 7).entered();
        disconnected!(reason = DisconnectReason::Unknown, "gone");
    });
    let fields = |seen: &Seen| {
        let end = take(seen).remove(0);
        (end.field("session").map(str::to_owned), end.field("peer").map(str::to_owned))
    };
    assert_eq!(fields(&first), (Some("7f3a".to_owned()), None));
    assert_eq!(fields(&second), (None, Some("7".to_owned())));
}

#[test]
fn a_panicking_observer_affects_nothing_else() {
    let seen = Seen::default();
    let layer = DisconnectLayer::new(|_: &Observed| panic!("on purpose")).layer();
    let subscriber = tracing_subscriber::registry().with(keeping(&seen).layer()).with(layer);
    subscriber::with_default(subscriber, || {
        for _ in 0..2 {
            let log = || disconnected!(reason = DisconnectReason::Graceful, "closed");
            catch_unwind(AssertUnwindSafe(log)).unwrap_err();
        }
    });
    assert_eq!(take(&seen).len(), 2, "the other layer has seen both");
}
