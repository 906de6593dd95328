//! Measures the end of a connection: the line, the guard and the counters, beside the same code by hand.

use std::fmt::{self, Write as _};
use std::hint::black_box;
use std::sync::LazyLock;

use disconnect_core::{
    Category, ConnectionDirection, ConnectionMethod, Counters, Disconnect, DisconnectGuard, DisconnectInitiator,
    DisconnectMetrics, DisconnectReason, Endpoint, disconnected, metrics_counter,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing::field::{Field, Visit};
use tracing::subscriber::with_default;
use tracing::{Event, Level, Subscriber, event};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::{Case, times};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

pub(crate) const CASES: &[Case] = &[
    Case { name: "slots, off", run: |n| times(n, slots) },
    Case { name: "slots, off, by hand", run: |n| times(n, slots_by_hand) },
    Case { name: "slots, on", run: |n| listened(n, slots) },
    Case { name: "slots, on, by hand", run: |n| listened(n, slots_by_hand) },
    Case { name: "slots, on, by %", run: |n| listened(n, slots_by_display) },
    Case { name: "record, off", run: |n| with_record(n, off, record) },
    Case { name: "log, off", run: log_off },
    Case { name: "record, off, by hand", run: |n| with_record(n, off, record_by_hand) },
    Case { name: "record, on", run: |n| with_record(n, on, record) },
    Case { name: "record, on, by hand", run: |n| with_record(n, on, record_by_hand) },
    Case { name: HIDDEN, run: |n| times(n, hidden) },
    Case { name: "guard, off", run: |n| times(n, guard) },
    Case { name: "guard, level stated, off", run: |n| times(n, guard_level_stated) },
    Case { name: "guard, on", run: |n| listened(n, guard) },
    Case { name: "count typed", run: |n| counted(n, count_typed) },
    Case { name: "count record", run: |n| counted(n, |counters| counters.count(black_box(&END.shutting_down()))) },
    Case { name: "metrics typed", run: metrics_typed },
    Case { name: "metrics record", run: metrics_record },
    Case { name: "metrics::counter!", run: metrics_by_hand },
];

/// The values at a call site.
struct Site {
    direction: ConnectionDirection,
    reason: DisconnectReason,
    initiator: DisconnectInitiator,
    peer_id: u64,
}

fn site() -> Site {
    black_box(Site {
        direction: ConnectionDirection::ServerToAgent,
        reason: DisconnectReason::ServerShutdown,
        initiator: DisconnectInitiator::Agent,
        peer_id: 7,
    })
}

fn slots() {
    let Site { direction, reason, initiator, peer_id } = site();
    disconnected!(
        level: INFO,
        direction = direction,
        reason = reason,
        initiator = initiator,
        peer_id,
        "disconnected"
    );
}

fn slots_by_hand() {
    let Site { direction, reason, initiator, peer_id } = site();
    event!(
        Level::INFO,
        connect_type = direction.as_str(),
        disconnect_reason = reason.as_str(),
        disconnect_expected = reason.expected(),
        disconnect_initiator = initiator.as_str(),
        peer_id,
        "disconnected"
    );
}

fn slots_by_display() {
    let Site { direction, reason, initiator, peer_id } = site();
    event!(
        Level::INFO,
        connect_type = %direction,
        disconnect_reason = %reason,
        disconnect_expected = reason.expected(),
        disconnect_initiator = %initiator,
        peer_id,
        "disconnected"
    );
}

fn record(end: &Disconnect) {
    disconnected!(end, peer_id = black_box(7_u64), "disconnected");
}

/// No logger is installed, so every level is disabled.
fn log_off(count: u32) {
    let end = END.shutting_down();
    times(count, || black_box(&end).log(format_args!("disconnected")));
}

/// The same fields and the same choice of the level, by hand.
fn record_by_hand(end: &Disconnect) {
    let (level_is_info, code) = (!end.should_warn(), end.code());
    macro_rules! line {
        ($level:ident) => {
            event!(
                Level::$level,
                connect_type = end.direction().map(Category::as_str),
                disconnect_reason = end.reason().as_str(),
                disconnect_expected = end.expected(),
                disconnect_initiator = end.initiator().map(Category::as_str),
                connection_method = end.method().map(Category::as_str),
                disconnect_cause = end.cause().map(Category::as_str),
                disconnect_code = code.map(|code| code.to_string()),
                disconnect_detail = end.detail(),
                peer_id = black_box(7_u64),
                "disconnected"
            )
        };
    }
    if level_is_info { line!(INFO) } else { line!(WARN) }
}

/// The cost of the optimizer barriers around a guard, which is subtracted.
pub(crate) const HIDDEN: &str = "a value that is hidden twice";

fn hidden() {
    let mut value = black_box(7_u64);
    black_box(&mut value);
    black_box(&mut value);
}

/// Makes, sets and drops a guard, with optimizer barriers between the steps.
fn guard() {
    let peer_id = black_box(7_u64);
    let mut guard = DisconnectGuard::new(END, move |end: &Disconnect| disconnected!(end, peer_id, "disconnected"));
    black_box(&mut guard).set(END.shutting_down());
    black_box(&mut guard);
}

/// The same with a stated level, which has one call site.
fn guard_level_stated() {
    let peer_id = black_box(7_u64);
    let write = move |end: &Disconnect| disconnected!(level: DEBUG, end, peer_id, "disconnected");
    let mut guard = DisconnectGuard::new(END, write);
    black_box(&mut guard).set(END.shutting_down());
    black_box(&mut guard);
}

/// Counters over all four axes.
type Counted = Counters<DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod>;

fn counted(count: u32, work: fn(&Counted)) {
    let counters = Counted::default();
    times(count, || work(black_box(&counters)));
}

fn count_typed(counters: &Counted) {
    let Site { direction, reason, initiator, .. } = site();
    counters.count_as(reason, initiator, direction, black_box(ConnectionMethod::Direct));
}

fn metrics_record(count: u32) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let new = || DisconnectMetrics::new(&[END], metrics_counter!(metrics));
    let metrics = metrics::with_local_recorder(&recorder, new);
    let end = END.shutting_down();
    times(count, || metrics.series(black_box(&end)).increment(1));
}

fn metrics_typed(count: u32) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let new = || DisconnectMetrics::new(&[END], metrics_counter!(metrics));
    let metrics = metrics::with_local_recorder(&recorder, new);
    times(count, || {
        let Site { direction, reason, initiator, .. } = site();
        black_box(&metrics).series_as(reason, initiator, direction, None).increment(1);
    });
}

fn metrics_by_hand(count: u32) {
    static RECORDER: LazyLock<metrics_exporter_prometheus::PrometheusRecorder> =
        LazyLock::new(|| PrometheusBuilder::new().build_recorder());
    metrics::with_local_recorder(&*RECORDER, || {
        times(count, || {
            let Site { direction, reason, initiator, .. } = site();
            metrics::counter!(
                "disconnects_total",
                "reason" => reason.as_str(),
                "expected" => if reason.expected() { "true" } else { "false" },
                "initiator" => initiator.as_str(),
                "direction" => direction.as_str(),
                "method" => black_box(ConnectionMethod::Direct).as_str()
            )
            .increment(1);
        });
    });
}

/// A layer that visits every field and discards it.
struct Visiting;

impl<S: Subscriber> Layer<S> for Visiting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Nothing);
    }
}

struct Nothing;

impl Visit for Nothing {
    fn record_str(&mut self, _: &Field, value: &str) {
        black_box(value);
    }

    fn record_u64(&mut self, _: &Field, value: u64) {
        black_box(value);
    }

    fn record_bool(&mut self, _: &Field, value: bool) {
        black_box(value);
    }

    /// Formats the value, as every real layer does.
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self, "{value:?}");
    }
}

impl fmt::Write for Nothing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

fn listened(count: u32, work: fn()) {
    on(&mut || times(count, work));
}

fn on(work: &mut dyn FnMut()) {
    with_default(tracing_subscriber::registry().with(Visiting), work);
}

fn off(work: &mut dyn FnMut()) {
    work();
}

fn with_record(count: u32, run: fn(&mut dyn FnMut()), work: fn(&Disconnect)) {
    let end = END.shutting_down();
    run(&mut || times(count, || work(black_box(&end))));
}
