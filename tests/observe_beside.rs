//! `DisconnectLayer` beside other layers: what it enables and what it leaves alone. In a separate process, because all
//! subscribers of a process share the maximum level and tracing's cache of call sites.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use disconnect_core::{Disconnect, DisconnectLayer, DisconnectReason, Observed, disconnected};
use tracing::field::Empty;
use tracing::{
    Dispatch, Event, Level, Subscriber, debug, debug_span, dispatcher, enabled, info, info_span, subscriber,
};
use tracing_subscriber::filter::{DynFilterFn, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, registry};

/// Ensures one subscriber at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The messages and levels of the lines.
type Seen = Arc<Mutex<Vec<String>>>;

fn take(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut seen.lock().unwrap())
}

fn keeping(seen: &Seen) -> DisconnectLayer<impl Fn(&Observed) + use<>> {
    let seen = seen.clone();
    DisconnectLayer::new(move |end: &Observed| {
        seen.lock().unwrap().push(format!("{} {}", end.level(), end.message().unwrap_or_default()));
    })
}

/// A layer that writes its events, such as `fmt`.
#[derive(Clone, Default)]
struct Writes(Seen);

impl<S: Subscriber> Layer<S> for Writes {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().push(event.metadata().level().to_string());
    }
}

/// A layer without a filter that reads no event.
struct Plain;

impl<S: Subscriber> Layer<S> for Plain {}

/// Unrelated code that logs below the program's level. Returns the number of evaluated arguments.
fn evaluated_by_others() -> usize {
    let evaluated = AtomicUsize::new(0);
    let argument = || evaluated.fetch_add(1, Ordering::Relaxed);
    debug!(argument = argument(), "somebody else's");
    info!(argument = argument(), "somebody else's");
    let _span = info_span!("request", argument = argument(), session = Empty).entered();
    let _span = debug_span!("request", argument = argument(), peer_id = 7).entered();
    evaluated.load(Ordering::Relaxed)
}

#[test]
fn disabled_events_of_others_stay_disabled() {
    let _alone = alone();
    let count = |subscriber: Dispatch| {
        dispatcher::with_default(&subscriber, || (evaluated_by_others(), LevelFilter::current()))
    };
    let ours = || DisconnectLayer::new(|_| ()).fields(["peer_id"]);
    macro_rules! writes {
        () => {
            Writes::default().with_filter(LevelFilter::WARN)
        };
    }
    assert_eq!(count(registry().with(writes!()).into()), (0, LevelFilter::WARN));
    assert_eq!(count(registry().with(writes!()).with(ours().layer()).into()), (0, LevelFilter::INFO));
    assert_eq!(count(registry().with(ours().layer()).with(writes!()).into()), (0, LevelFilter::INFO));
    assert_eq!(
        count(registry().with(writes!()).with(ours().level(Level::ERROR).layer()).into()),
        (0, LevelFilter::WARN)
    );
    // The span with the requested field.
    assert_eq!(
        count(registry().with(writes!()).with(ours().level(LevelFilter::TRACE).layer()).into()),
        (1, LevelFilter::TRACE)
    );
    // The effect of a layer without a filter.
    assert_eq!(count(registry().with(writes!()).with(Plain).into()), (4, LevelFilter::TRACE));
}

fn lines() {
    disconnected!(level: DEBUG, reason = DisconnectReason::Graceful, "closed");
    disconnected!(reason = DisconnectReason::Graceful, "closed");
    disconnected!(Disconnect::new(DisconnectReason::NetworkError), "lost");
    info!(disconnect_reason = "graceful", disconnect_expected = true, "by hand");
    info!("something else");
}

/// Checks that the layer sees all events beside this filter, before and after it.
macro_rules! sees_all_beside {
    ($filter:expr, $written:expr) => {
        let (seen, writes) = (Seen::default(), Writes::default());
        let written: &[&str] = &$written;
        let below = registry().with(writes.clone().with_filter($filter)).with(keeping(&seen).layer());
        let above = registry().with(keeping(&seen).layer()).with(writes.clone().with_filter($filter));
        for subscriber in [Dispatch::new(below), Dispatch::new(above)] {
            dispatcher::with_default(&subscriber, lines);
            assert_eq!(take(&seen), ["INFO closed", "WARN lost", "INFO by hand"]);
            assert_eq!(take(&writes.0), written);
        }
    };
}

#[test]
fn filters_of_other_layers_hide_no_event() {
    let _alone = alone();
    sees_all_beside!(LevelFilter::OFF, []);
    sees_all_beside!(LevelFilter::ERROR, []);
    sees_all_beside!(LevelFilter::WARN, ["WARN"]);
    sees_all_beside!(LevelFilter::DEBUG, ["DEBUG", "INFO", "WARN", "INFO", "INFO"]);
    sees_all_beside!(filter_fn(|metadata| metadata.target() == "elsewhere"), []);
    // This filter is asked for each event.
    sees_all_beside!(DynFilterFn::new(|metadata, _| *metadata.level() == Level::WARN), ["WARN"]);
}

/// Only its own level hides events.
#[test]
fn its_own_level_hides_events() {
    let _alone = alone();
    let levels: [(LevelFilter, &[&str]); 4] = [
        (LevelFilter::OFF, &[]),
        (LevelFilter::WARN, &["WARN lost"]),
        (LevelFilter::INFO, &["INFO closed", "WARN lost", "INFO by hand"]),
        (LevelFilter::TRACE, &["DEBUG closed", "INFO closed", "WARN lost", "INFO by hand"]),
    ];
    for (level, expected) in levels {
        let seen = Seen::default();
        // With another layer that takes everything.
        let subscriber = registry().with(keeping(&seen).level(level).layer()).with(Writes::default());
        subscriber::with_default(subscriber, lines);
        assert_eq!(take(&seen), expected, "{level}");
    }
}

#[test]
fn two_layers_have_separate_levels() {
    let _alone = alone();
    let (all, warnings) = (Seen::default(), Seen::default());
    let subscriber =
        registry().with(keeping(&warnings).level(Level::WARN).layer()).with(keeping(&all).level(Level::DEBUG).layer());
    subscriber::with_default(subscriber, lines);
    assert_eq!(take(&warnings), ["WARN lost"]);
    assert_eq!(take(&all), ["DEBUG closed", "INFO closed", "WARN lost", "INFO by hand"]);
}

/// tracing-subscriber keeps the result of a filter that is asked without an event for the next event of the thread.
#[test]
fn asking_for_a_level_loses_no_event() {
    let _alone = alone();
    let seen = Seen::default();
    let subscriber = registry().with(Writes::default().with_filter(LevelFilter::INFO)).with(keeping(&seen).layer());
    subscriber::with_default(subscriber, || {
        disconnected!(level: INFO, reason = DisconnectReason::Graceful, "first");
        assert!(enabled!(Level::INFO));
        disconnected!(level: INFO, reason = DisconnectReason::Graceful, "second");
    });
    assert_eq!(take(&seen), ["INFO first", "INFO second"]);
}

/// tracing-subscriber forgets the filter results if an argument logs.
#[test]
fn an_argument_that_logs_does_not_raise_the_level() {
    let _alone = alone();
    let seen = Seen::default();
    let subscriber = registry().with(keeping(&seen).layer()).with(Writes::default().with_filter(LevelFilter::DEBUG));
    subscriber::with_default(subscriber, || {
        let argument = || {
            info!("while the arguments are evaluated");
            7
        };
        disconnected!(level: DEBUG, reason = DisconnectReason::Graceful, argument = argument(), "below the level");
        disconnected!(level: INFO, reason = DisconnectReason::Graceful, argument = argument(), "at the level");
    });
    assert_eq!(take(&seen), ["INFO at the level"]);
}

/// Spans follow the same rule as events.
#[test]
fn span_fields_are_found_up_to_the_level() {
    let _alone = alone();
    for (level, expected) in [(Level::INFO, "-"), (Level::DEBUG, "7")] {
        let seen = Seen::default();
        let inside = seen.clone();
        let layer = DisconnectLayer::new(move |end: &Observed| {
            let fields = ["peer_id", "session"].map(|name| end.field(name).unwrap_or("-").to_owned());
            inside.lock().unwrap().extend(fields);
        });
        let layer = layer.fields(["peer_id", "session"]).level(level).layer();
        let subscriber = registry().with(layer).with(Writes::default().with_filter(LevelFilter::TRACE));
        subscriber::with_default(subscriber, || {
            let _request = info_span!("request", method = "GET").entered();
            let _session = info_span!("session", session = "7f3a").entered();
            let _peer = debug_span!("peer", peer_id = 7).entered();
            disconnected!(reason = DisconnectReason::Unknown, "gone");
        });
        assert_eq!(take(&seen), [expected, "7f3a"], "{level}");
    }
}
