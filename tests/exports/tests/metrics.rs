//! One handle for each series: which series there are, in which library, and that each end finds its own.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use allocation_counter::measure;
use disconnect_core::testing::Capture;
use disconnect_core::{
    Code, ConnectionDirection, ConnectionMethod, Counters, Disconnect, DisconnectField, DisconnectInitiator,
    DisconnectMetrics, DisconnectReason, Endpoint, PerCategory, Side, disconnected, metrics_counter,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

const ALL: [Endpoint; 6] = [
    Endpoint::AGENT_FACING_SERVER,
    Endpoint::SERVER_FACING_AGENT,
    Endpoint::AGENT_FACING_CLIENT,
    Endpoint::CLIENT_FACING_AGENT,
    Endpoint::CLIENT_FACING_SERVER,
    Endpoint::SERVER_FACING_CLIENT,
];

type Labels = Vec<(&'static str, &'static str)>;
type WithMethod<H> = DisconnectMetrics<H, DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod>;

/// Which series were made, in their order.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<Vec<Labels>>>);

impl Made {
    fn make(&self) -> impl Fn(&[(&'static str, &'static str)]) -> Labels + Send + Sync + use<> {
        let made = self.clone();
        move |labels| {
            made.0.lock().unwrap().push(labels.to_vec());
            labels.to_vec()
        }
    }

    /// How many there are; none twice.
    fn count(&self) -> usize {
        let made = self.0.lock().unwrap();
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len(), "a series was made twice");
        made.len()
    }
}

fn at_start(endpoints: &[Endpoint]) -> usize {
    let made = Made::default();
    let _metrics = DisconnectMetrics::new(endpoints, made.make());
    made.count()
}

#[test]
fn only_series_that_the_endpoints_produce_are_there_from_the_start() {
    // The documentation gives these numbers.
    assert_eq!(ALL.map(|endpoint| at_start(&[endpoint])), [28; 6]);
    // The two ends of one connection share their series.
    assert_eq!((at_start(&ALL[..2]), at_start(&ALL), at_start(&[])), (28, 84, 0));
    let made = Made::default();
    let _metrics = WithMethod::with_sets(&[END], made.make());
    assert_eq!(made.count(), 84);
    let made = Made::default();
    let _metrics = WithMethod::with_sets(&ALL, made.make());
    assert_eq!(made.count(), 252);
    let all = Counters::<DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod>::LEN;
    assert_eq!((<Counters>::LEN, all), (300, 1_200));
}

#[test]
fn no_end_of_an_endpoint_makes_a_series_late() {
    let made = Made::default();
    let metrics = WithMethod::with_sets(&ALL, made.make());
    let at_start = made.count();
    let mut used = BTreeSet::new();
    for endpoint in ALL {
        for end in ends(endpoint) {
            for method in [None, Some(ConnectionMethod::Direct), Some(ConnectionMethod::Derp)] {
                let end = method.map_or(end.clone(), |method| end.clone().with_method(method));
                used.insert(metrics.series(&end).clone());
            }
        }
    }
    assert_eq!(made.count(), at_start);
    // And few are there for nothing.
    assert!(used.len() * 2 > at_start, "{} of {at_start} were used", used.len());
}

/// Every end that a site gets from an endpoint without naming a reason, and those of the reasons that only a site knows.
fn ends(endpoint: Endpoint) -> Vec<Disconnect> {
    let mut ends = vec![
        endpoint.eof(),
        endpoint.fin_is_goodbye().eof(),
        endpoint.closed_locally(),
        endpoint.closed_by_peer(),
        endpoint.shutting_down(),
        endpoint.idle_timeout(),
        endpoint.keepalive_timeout(),
    ];
    for number in (0..1_100).chain(3_000..3_005).chain(4_000..4_005) {
        let byte = u8::try_from(number % 256).unwrap();
        for code in [
            Code::websocket(number),
            Code::ssh(number.into()),
            Code::http2(number.into()),
            Code::http3(number.into()),
            Code::quic(number.into()),
            Code::tls(byte),
            Code::mqtt(byte),
            Code::grpc(byte.into()),
            Code::exit(byte.into()),
            Code::signal(byte.into()),
        ] {
            ends.extend([endpoint.received(code), endpoint.sent(code)]);
        }
    }
    for errno in 1..134 {
        ends.push(endpoint.failed(&io::Error::from_raw_os_error(errno)));
    }
    for reason in DisconnectReason::ALL {
        ends.extend([Side::Local, Side::Remote, Side::Network].map(|side| endpoint.ended(*reason, side)));
    }
    ends
}

#[test]
fn what_no_endpoint_produces_has_its_series_from_its_first_end_on() {
    let made = Made::default();
    let metrics = DisconnectMetrics::new(&[END], made.make());
    let by_hand = Disconnect::new(DisconnectReason::Graceful).with_initiator(DisconnectInitiator::Client);
    let expected = [("reason", "graceful"), ("expected", "true"), ("initiator", "client"), ("direction", "")];
    assert_eq!(*metrics.series(&by_hand), expected);
    assert_eq!(*metrics.series(&by_hand), expected);
    assert_eq!(made.count(), 29);
    let other = Endpoint::AGENT_FACING_CLIENT.eof();
    assert_eq!(metrics.series(&other)[3], ("direction", "agent_to_client"));
    assert_eq!(made.count(), 30);
    let quit = metrics.series(&Disconnect::new(LeaveReason::Quit));
    assert_eq!(quit[..2], [("reason", "unrecognized"), ("expected", "true")]);
}

#[test]
fn every_form_finds_the_same_series() {
    let metrics = WithMethod::with_sets(&[], <[_]>::to_vec);
    for reason in DisconnectReason::ALL {
        for direction in ConnectionDirection::ALL {
            let end = Disconnect::new(*reason)
                .with_initiator(DisconnectInitiator::Agent)
                .with_direction(*direction)
                .with_method(ConnectionMethod::Derp);
            let typed = metrics.series_as(*reason, DisconnectInitiator::Agent, *direction, ConnectionMethod::Derp);
            assert!(std::ptr::eq(metrics.series(&end), typed));
            let captured = Capture::new().run(|| disconnected!(&end, "closed"));
            assert!(std::ptr::eq(metrics.series_observed(&captured.unchecked()[0]), typed));
        }
    }
}

#[test]
fn a_forged_text_is_no_label() {
    let metrics = DisconnectMetrics::new(&[], <[_]>::to_vec);
    let captured = Capture::new().run(|| {
        tracing::info!(disconnect_reason = "x\" } 1\nforged_total 7", disconnect_expected = true);
        tracing::info!(disconnect_reason = "graceful", disconnect_expected = false, connect_type = "sideways");
    });
    let series: Vec<_> = captured.unchecked().iter().map(|end| metrics.series_observed(end).clone()).collect();
    let unrecognized = |direction| {
        vec![("reason", "unrecognized"), ("expected", "false"), ("initiator", ""), ("direction", direction)]
    };
    assert_eq!(series, [unrecognized(""), unrecognized("unrecognized")]);
}

/// Why a player left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Quit,
    /// Only one protocol code says it.
    Evicted,
    Lost,
}

fn leave_reason(end: &Disconnect) -> LeaveReason {
    match end.code() {
        Some(code) if code == Code::websocket(4000) => LeaveReason::Evicted,
        _ if end.expected() => LeaveReason::Quit,
        _ => LeaveReason::Lost,
    }
}

#[test]
fn own_reasons_have_series_for_what_the_endpoint_makes_of_its_ends() {
    const OWN: Endpoint = END.reasons_with(&leave_reason);
    let made = Made::default();
    let metrics = DisconnectMetrics::<_, LeaveReason, DisconnectInitiator, ()>::with_sets(&[OWN], made.make());
    // Two reasons by each of four, and `evicted` as the site may say it by itself. An end by the network is not expected.
    assert_eq!(made.count(), 3 * 4 - 1);
    let evicted = metrics.series(&OWN.received(Code::websocket(4000)));
    assert_eq!(*evicted, [("reason", "evicted"), ("expected", "false"), ("initiator", "server")]);
}

/// Categories that are named like the place of unknown ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Taken {
    Unrecognized,
    #[expected]
    Quit,
}

#[test]
fn no_category_shares_its_series() {
    let metrics = DisconnectMetrics::<_, Taken>::with_sets(&[], <[_]>::to_vec);
    let own = Disconnect::new(Taken::Unrecognized);
    assert_eq!(metrics.series(&own)[0], ("reason", "unrecognized"));
    assert_eq!(metrics.series(&END.eof())[0], ("reason", "(unrecognized)"));
    assert_eq!(metrics.series(&END.closed_locally())[..2], [("reason", "(unrecognized)"), ("expected", "true")]);
}

#[test]
fn threads_share_one_handle_and_lose_nothing() {
    const EACH: u64 = 10_000;
    let metrics = DisconnectMetrics::new(&[], |_| AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..EACH).for_each(|_| _ = metrics.series(&END.eof()).fetch_add(1, Ordering::Relaxed)));
        }
    });
    assert_eq!(metrics.series(&END.eof()).load(Ordering::Relaxed), 8 * EACH);
}

#[test]
fn finding_a_series_does_not_allocate() {
    let metrics = DisconnectMetrics::new(&[END], metrics_counter!(metrics));
    let end = END.eof();
    let counted = measure(|| {
        metrics.series(&end).increment(1);
        let direction = ConnectionDirection::ServerToAgent;
        metrics.series_as(DisconnectReason::Graceful, DisconnectInitiator::Agent, direction, None).increment(1);
    });
    assert_eq!(counted.count_total, 0);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Serving,
    Draining,
}

/// What a recorder of `metrics` 0.24 holds: the labels of each series, and its value.
fn recorded(work: impl FnOnce()) -> BTreeMap<Vec<(String, String)>, u64> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, work);
    let series = snapshotter.snapshot().into_vec();
    series
        .into_iter()
        .map(|(key, unit, description, value)| {
            assert_eq!((key.key().name(), unit), ("disconnects_total", Some(metrics::Unit::Count)));
            assert!(description.is_some());
            let DebugValue::Counter(value) = value else { panic!("not a counter") };
            (key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect(), value)
        })
        .collect()
}

#[test]
fn the_crate_metrics_gets_all_series_and_every_end() {
    let series = recorded(|| {
        let metrics: DisconnectMetrics<metrics::Counter> = DisconnectMetrics::new(&[END], metrics_counter!(metrics));
        metrics.series(&END.eof().with_detail("a text from elsewhere")).increment(1);
        metrics.series(&END.eof()).increment(1);
    });
    assert_eq!((series.len(), series.values().sum::<u64>()), (28, 2));
    let lost = [
        ("reason", "network_error"),
        ("expected", "false"),
        ("initiator", "network"),
        ("direction", "server_to_agent"),
    ];
    let lost: Vec<_> = lost.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(series[&lost], 2);
}

mod inner {
    pub(crate) use ::metrics as renamed;
}

#[test]
fn any_path_to_the_crate_will_do() {
    let series = recorded(|| {
        drop(DisconnectMetrics::new(&[END], metrics_counter!(::metrics)));
        drop(DisconnectMetrics::new(&[END], metrics_counter!(inner::renamed)));
        drop(DisconnectMetrics::new(&[END], metrics_counter!(crate::inner::renamed, ClosePhase::Serving)));
    });
    assert_eq!(series.len(), 2 * 28);
}

#[test]
fn a_category_of_ones_own_is_one_more_label() {
    let series = recorded(|| {
        let metrics =
            PerCategory::new(|phase: ClosePhase| DisconnectMetrics::new(&[END], metrics_counter!(metrics, phase)));
        metrics[ClosePhase::Draining].series(&END.closed_locally()).increment(1);
    });
    assert_eq!(series.len(), ClosePhase::COUNT * 28);
    let counted: Vec<_> = series.iter().filter(|(_, value)| **value > 0).collect();
    assert_eq!(counted.len(), 1);
    assert_eq!(*counted[0].0.last().unwrap(), ("close_phase".to_owned(), "draining".to_owned()));
}

/// A recorder of another version of `metrics`, which counts what reaches it.
macro_rules! older {
    ($test:ident, $metrics:ident) => {
        #[test]
        fn $test() {
            use $metrics::{
                Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
            };

            #[derive(Default)]
            struct Held(Mutex<BTreeMap<Key, Arc<Count>>>, AtomicU64);
            #[derive(Default)]
            struct Count(AtomicU64);

            impl CounterFn for Count {
                fn increment(&self, value: u64) {
                    self.0.fetch_add(value, Ordering::Relaxed);
                }
                fn absolute(&self, _: u64) {}
            }
            impl Recorder for Held {
                fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
                    assert_eq!((key.as_str(), unit), ("disconnects_total", Some(Unit::Count)));
                    self.1.fetch_add(1, Ordering::Relaxed);
                }
                fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
                fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
                fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
                    let mut held = self.0.lock().unwrap();
                    Counter::from_arc(Arc::clone(held.entry(key.clone()).or_default()))
                }
                fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
                    Gauge::noop()
                }
                fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
                    Histogram::noop()
                }
            }

            let held = Held::default();
            $metrics::with_local_recorder(&held, || {
                let metrics = DisconnectMetrics::new(&[END], metrics_counter!($metrics));
                metrics.series(&END.eof()).increment(1);
                metrics.series(&Disconnect::new(DisconnectReason::Graceful)).increment(1);
            });
            assert_eq!(held.1.load(Ordering::Relaxed), 1, "described once");
            let held = held.0.lock().unwrap();
            assert_eq!(held.len(), 29);
            let counted: Vec<_> = held
                .iter()
                .filter(|(_, count)| count.0.load(Ordering::Relaxed) == 1)
                .map(|(key, _)| key.labels().map(|label| label.value().to_owned()).collect::<Vec<_>>())
                .collect();
            let expected = [["graceful", "true", "", ""], ["network_error", "false", "network", "server_to_agent"]];
            assert_eq!(counted, expected);
        }
    };
}
older!(an_application_on_metrics_0_22_gets_its_series, metrics_0_22);
older!(an_application_on_metrics_0_23_gets_its_series, metrics_0_23);
