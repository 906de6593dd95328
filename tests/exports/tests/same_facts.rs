//! The same ends through `log`, the log bridge of OpenTelemetry and three metrics libraries: all of them get the same
//! facts.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use disconnect_core::{
    Code, Counters, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectMetrics, DisconnectReason, Endpoint,
    Side, disconnected, metrics_counter,
};
use log::kv::{self, Key, Value, VisitSource};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tracing_subscriber::layer::SubscriberExt;

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

/// Ends of every kind: expected, unclean and not, with a code and with a text, of an endpoint and by hand.
fn ends() -> Vec<Disconnect> {
    vec![
        END.eof(),
        END.eof(),
        END.closed_by_peer(),
        END.shutting_down().with_cause(DisconnectCause::Deadline),
        END.received(Code::websocket(1012)).with_detail("restart"),
        END.received(Code::websocket(4999)),
        END.failed(&io::Error::from(io::ErrorKind::ConnectionReset)).with_detail("\" } 1\nforged_total 7"),
        Endpoint::SERVER_FACING_CLIENT.ended(DisconnectReason::WorkspaceStopped, Side::Local),
        Endpoint::CLIENT_FACING_AGENT.idle_timeout(),
        Disconnect::new(DisconnectReason::Unknown),
        Disconnect::new(DisconnectReason::Graceful).with_initiator(DisconnectInitiator::Client),
    ]
}

/// How many ends there are of each reason, expected flag, initiator and direction.
type Facts = BTreeMap<[String; 4], u64>;

/// What was counted, by its labels.
fn facts(series: impl IntoIterator<Item = (Vec<(String, String)>, u64)>) -> Facts {
    let mut facts = Facts::new();
    for (labels, count) in series {
        assert_eq!(labels.len(), 4, "{labels:?}");
        let label = |key| labels.iter().find(|label| label.0 == key).unwrap().1.clone();
        let old = facts.insert(["reason", "expected", "initiator", "direction"].map(label), count);
        assert_eq!(old, None, "{labels:?}");
    }
    facts.retain(|_, count| *count > 0);
    facts
}

/// The fields of a line, as text.
type Line = BTreeMap<String, String>;

/// The same of lines. A field that is absent is the empty label.
fn facts_of_lines(lines: &[Line]) -> Facts {
    let mut facts = Facts::new();
    for line in lines {
        let field = |key: &str| line.get(key).cloned().unwrap_or_default();
        let keys = ["disconnect_reason", "disconnect_expected", "disconnect_initiator", "connect_type"];
        *facts.entry(keys.map(field)).or_default() += 1;
    }
    facts
}

/// The labels as the library-neutral form.
fn owned<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

const METRIC: &str = "disconnects_total";

fn through_metrics() -> Facts {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let metrics = DisconnectMetrics::new(&[END], metrics_counter!(metrics));
        for end in ends() {
            metrics.series(&end).increment(1);
        }
    });
    facts(snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let DebugValue::Counter(value) = value else { panic!("not a counter") };
        assert_eq!(key.key().name(), METRIC);
        (owned(key.key().labels().map(|label| (label.key(), label.value()))), value)
    }))
}

fn through_prometheus_client() -> Facts {
    let family = Family::<Vec<(&'static str, &'static str)>, Counter>::default();
    let mut registry = Registry::default();
    registry.register("disconnects", "Connections that ended", family.clone());
    let metrics = DisconnectMetrics::new(&[END], move |labels| family.get_or_create_owned(&labels.to_vec()));
    for end in ends() {
        metrics.series(&end).inc();
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    facts(text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (labels, count) = line.strip_prefix("disconnects_total{").unwrap().split_once("} ").unwrap();
        let labels = labels.split(',').map(|label| label.split_once('=').unwrap());
        (owned(labels.map(|(key, value)| (key, value.trim_matches('"')))), count.parse().unwrap())
    }))
}

fn through_opentelemetry_metrics() -> Facts {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    let counter = provider.meter("disconnect").u64_counter(METRIC).build();
    let metrics = DisconnectMetrics::new(&[END], {
        let counter = counter.clone();
        move |labels| {
            let attributes: Vec<_> = labels.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect();
            // Present at zero.
            counter.add(0, &attributes);
            attributes
        }
    });
    for end in ends() {
        counter.add(1, metrics.series(&end));
    }
    provider.force_flush().unwrap();
    let finished = exporter.get_finished_metrics().unwrap();
    let metric = finished[0].scope_metrics().next().unwrap().metrics().next().unwrap();
    assert_eq!(metric.name(), METRIC);
    let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() else { panic!("{metric:?}") };
    facts(sum.data_points().map(|point| {
        let labels = point.attributes().map(|label| (label.key.to_string(), label.value.to_string()));
        (labels.collect(), point.value())
    }))
}

fn through_log() -> Vec<Line> {
    struct Fields(Line);

    impl<'kvs> VisitSource<'kvs> for Fields {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
            assert_eq!(self.0.insert(key.to_string(), value.to_string()), None, "{key} twice");
            Ok(())
        }
    }

    struct Lines(Mutex<Vec<Line>>);

    impl log::Log for Lines {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let mut fields = Fields(BTreeMap::new());
            record.key_values().visit(&mut fields).unwrap();
            self.0.lock().unwrap().push(fields.0);
        }

        fn flush(&self) {}
    }

    static LINES: Lines = Lines(Mutex::new(Vec::new()));
    log::set_logger(&LINES).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    for end in ends() {
        end.log(format_args!("disconnected"));
    }
    std::mem::take(&mut *LINES.0.lock().unwrap())
}

/// What reaches an OpenTelemetry collector as log records.
fn log_records() -> Vec<SdkLogRecord> {
    let exporter = InMemoryLogExporter::default();
    let provider = SdkLoggerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let subscriber = tracing_subscriber::registry().with(OpenTelemetryTracingBridge::new(&provider));
    tracing::subscriber::with_default(subscriber, || {
        for end in ends() {
            disconnected!(end, "error.type" = end.error_type(), peer_id = 7, "disconnected");
        }
    });
    exporter.get_emitted_logs().unwrap().into_iter().map(|log| log.record).collect()
}

fn attributes(record: &SdkLogRecord) -> BTreeMap<String, AnyValue> {
    record.attributes_iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
}

/// Without the fields that are the site's own.
fn through_opentelemetry_logs() -> Vec<Line> {
    let texts = |record: &SdkLogRecord| {
        let text = |(key, value): (String, AnyValue)| match value {
            AnyValue::String(text) => (key, text.to_string()),
            AnyValue::Boolean(flag) => (key, flag.to_string()),
            AnyValue::Int(number) => (key, number.to_string()),
            other => panic!("{key}: {other:?}"),
        };
        let ours = |(key, _): &(String, AnyValue)| key != "error.type" && key != "peer_id";
        attributes(record).into_iter().filter(ours).map(text).collect()
    };
    log_records().iter().map(texts).collect()
}

#[test]
fn all_libraries_get_the_same_facts() {
    let counters = Counters::new();
    for end in ends() {
        counters.count(&end);
    }
    let expected = facts(counters.snapshot().iter().map(|count| {
        let expected = count.expected.to_string();
        let labels = [
            ("reason", count.reason),
            ("expected", &*expected),
            ("initiator", count.initiator),
            ("direction", count.direction),
        ];
        (owned(labels), count.value)
    }));
    assert_eq!(expected.values().sum::<u64>(), ends().len() as u64);
    assert!(expected.len() > 7, "{expected:?}");
    assert_eq!(through_metrics(), expected, "metrics");
    assert_eq!(through_prometheus_client(), expected, "prometheus-client");
    assert_eq!(through_opentelemetry_metrics(), expected, "OpenTelemetry's metrics");
    let lines = through_log();
    assert_eq!(facts_of_lines(&lines), expected, "log");
    // Also the cause, the code and the detail.
    assert_eq!(through_opentelemetry_logs(), lines, "OpenTelemetry's logs");
}

#[test]
fn opentelemetry_gets_typed_keys_and_a_name() {
    let records = log_records();
    for (record, end) in records.iter().zip(ends()) {
        assert_eq!(record.event_name(), Some("disconnect"));
        let severity = if end.should_warn() { Severity::Warn } else { Severity::Info };
        assert_eq!(record.severity_number(), Some(severity));
        let attributes = attributes(record);
        assert_eq!(attributes["disconnect_expected"], AnyValue::Boolean(end.expected()));
        assert_eq!(attributes["peer_id"], AnyValue::Int(7));
        // An expected end is no error, also where its goodbye got no answer.
        assert_eq!(attributes.contains_key("error.type"), !end.expected(), "{end:?}");
    }
    let text = |key, value: &str| (String::from(key), AnyValue::from(value.to_owned()));
    let reset = [
        text("connect_type", "server_to_agent"),
        text("disconnect_cause", "reset"),
        text("disconnect_detail", "\" } 1 forged_total 7"),
        ("disconnect_expected".to_owned(), AnyValue::Boolean(false)),
        text("disconnect_initiator", "network"),
        text("disconnect_reason", "network_error"),
        text("error.type", "reset"),
        ("peer_id".to_owned(), AnyValue::Int(7)),
    ];
    assert_eq!(attributes(&records[6]), BTreeMap::from(reset));
    let restart = attributes(&records[4]);
    assert_eq!(restart["disconnect_code"], AnyValue::from("websocket.1012"));
    // Where the cause is not known, the reason is the type.
    assert_eq!(attributes(&records[9])["error.type"], AnyValue::from("unknown"));
}
