//! The disconnect events of a test, and assertions on them.
//!
//! ```
//! use disconnect_core::{Disconnect, DisconnectReason, disconnected, testing};
//!
//! let end = testing::capture(|| {
//!     disconnected!(Disconnect::new(DisconnectReason::Graceful), peer_id = 7, "disconnected");
//! })
//! .one();
//! assert_eq!(end.reason().known(), Some(DisconnectReason::Graceful));
//! assert!(end.expected());
//! assert_eq!(end.field("peer_id"), Some("7"));
//! ```
//!
//! # What is seen
//!
//! Every disconnect event of every level that is logged by the closure or the future itself, in the thread that runs
//! it. A capture inside a capture gets the events of its closure alone. What the closure *spawns* is not followed:
//! neither other threads nor tasks that a runtime runs elsewhere. For those there is [`capture_global`].
//!
//! Nothing is lost because another thread met a call site first, without a subscriber: tracing would then remember
//! that nobody is interested. A level that the crate `tracing` was built without (`max_level_...`) is never seen.

use std::boxed::Box;
use std::future::Future;
use std::pin::Pin;
use std::string::{String, ToString};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::vec::Vec;

use tracing::dispatcher::{self, Dispatch};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use super::layer::Wanted;
use super::observed::{Inconsistency, Observed, Raw, Registered};
use crate::category::DisconnectField;

/// Runs the closure, and returns its disconnect events; see [the module](self) for what is seen.
pub fn capture<T>(work: impl FnOnce() -> T) -> Captured<T> {
    Capture::new().run(work)
}

/// Runs the future, and returns its disconnect events. It may move between threads; what it spawns is not followed.
///
/// ```
/// # use std::future::Future;
/// # use disconnect_core::{Disconnect, DisconnectReason, disconnected, testing};
/// # fn block_on<T>(future: impl Future<Output = T>) -> T {
/// #     let mut future = std::pin::pin!(future);
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     loop {
/// #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) { return value }
/// #     }
/// # }
/// # block_on(async {
/// let captured = testing::capture_async(async {
///     disconnected!(Disconnect::new(DisconnectReason::Graceful), "disconnected");
///     7
/// })
/// .await;
/// captured.one();
/// assert_eq!(captured.value, 7);
/// # });
/// ```
pub fn capture_async<F: Future>(work: F) -> impl Future<Output = Captured<F::Output>> {
    Capture::new().run_async(work)
}

/// Sees the disconnect events of the whole process from now on, of all threads and of every other test: ask for your
/// own by [`Captured::only`].
///
/// The first call installs a subscriber for the process. It stays, and a [`capture`] goes before it.
///
/// ```
/// use disconnect_core::{Disconnect, DisconnectReason, disconnected, testing};
///
/// let all = testing::capture_global();
/// std::thread::spawn(|| {
///     disconnected!(Disconnect::new(DisconnectReason::Graceful), peer_id = 7, "disconnected");
/// })
/// .join()
/// .unwrap();
/// all.captured().only(|end| end.field("peer_id") == Some("7")).one();
/// ```
///
/// # Panics
///
/// Where the process has a global subscriber of its own.
#[track_caller]
pub fn capture_global() -> GlobalCapture {
    Capture::new().global()
}

/// A capture with categories of your own.
///
/// ```
/// use disconnect_core::testing::Capture;
/// use disconnect_core::{DisconnectField, disconnected};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("disconnect_reason")]
/// enum LeaveReason {
///     #[expected]
///     Quit,
/// }
///
/// let captured = Capture::new().register::<LeaveReason>().run(|| disconnected!(reason = LeaveReason::Quit, "left"));
/// assert!(captured.one().expected());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Capture {
    registered: Registered,
}

impl Capture {
    /// One that knows our categories.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the categories of this enum for known ones, and holds `disconnect_expected` against them.
    pub fn register<T: DisconnectField>(mut self) -> Self {
        self.registered.add::<T>();
        self
    }

    /// As [`capture`].
    pub fn run<T>(self, work: impl FnOnce() -> T) -> Captured<T> {
        let events = Events::default();
        let value = dispatcher::with_default(&events.subscriber(), work);
        Captured { value, events: events.judge(&self.registered, 0) }
    }

    /// As [`capture_async`].
    pub fn run_async<F: Future>(self, work: F) -> impl Future<Output = Captured<F::Output>> {
        let events = Events::default();
        let dispatch = events.subscriber();
        Capturing { future: Some(Box::pin(work)), dispatch, events, registered: self.registered }
    }

    /// As [`capture_global`].
    ///
    /// # Panics
    ///
    /// Where the process has a global subscriber of its own.
    #[track_caller]
    pub fn global(self) -> GlobalCapture {
        static GLOBAL: OnceLock<Option<Events>> = OnceLock::new();
        let global = GLOBAL.get_or_init(|| {
            let events = Events::default();
            dispatcher::set_global_default(events.subscriber()).is_ok().then_some(events)
        });
        let Some(events) = global else {
            fail("this process has a global subscriber already: `capture_global` needs to be the first to set one");
        };
        GlobalCapture { first: events.lock().len(), events: events.clone(), registered: self.registered }
    }
}

/// What a closure or a future returned, and the disconnect events that it logged.
#[derive(Clone, Debug)]
pub struct Captured<T = ()> {
    /// What it returned.
    pub value: T,
    events: Vec<Observed>,
}

impl<T> Captured<T> {
    /// The one event that there is.
    ///
    /// # Panics
    ///
    /// Where there is none, where there are several, where it contradicts itself, and where its reason claims to be
    /// expected and is no category of ours or of a [registered](Capture::register) enum; the text shows them all.
    #[track_caller]
    pub fn one(&self) -> Observed {
        self.check_all();
        match self.events.as_slice() {
            [end] => end.clone(),
            events => fail(&self.listed(&std::format!("expected one disconnect event, found {}", events.len()))),
        }
    }

    /// Makes sure that there is none.
    ///
    /// # Panics
    ///
    /// Where there is one; the text shows them all.
    #[track_caller]
    pub fn none(&self) {
        if !self.events.is_empty() {
            fail(&self.listed(&std::format!("expected no disconnect event, found {}", self.events.len())));
        }
    }

    /// All events, in the order in which they were logged.
    ///
    /// # Panics
    ///
    /// Where [`one`](Self::one) would refuse one of them; the text shows them all.
    #[track_caller]
    pub fn all(&self) -> Vec<Observed> {
        self.check_all();
        self.events.clone()
    }

    /// All events, whatever is wrong with them.
    pub fn unchecked(&self) -> &[Observed] {
        &self.events
    }

    /// The same with those events alone that pass.
    pub fn only(self, mut wanted: impl FnMut(&Observed) -> bool) -> Self {
        Self { events: self.events.into_iter().filter(|end| wanted(end)).collect(), ..self }
    }

    #[track_caller]
    fn check_all(&self) {
        let Some(end) = self.events.iter().find(|end| !end.is_consistent()) else { return };
        if end.inconsistencies().contains(&Inconsistency::ExpectedUnregistered) {
            fail(&self.listed(&std::format!(
                "`{}` says that it is expected, but no registered set has it: \
                 `Capture::new().register::<YourReason>()`",
                end.reason()
            )));
        }
        fail(&self.listed("a disconnect event contradicts itself"));
    }

    fn listed(&self, mistake: &str) -> String {
        let events = self.events.iter().map(|end| std::format!("\n  {end}"));
        core::iter::once(mistake.to_string()).chain(events).collect()
    }
}

/// Sees the whole process: [`capture_global`].
#[derive(Clone, Debug)]
pub struct GlobalCapture {
    events: Events,
    /// How many events there were before this capture began.
    first: usize,
    registered: Registered,
}

impl GlobalCapture {
    /// What has been logged since this capture began.
    pub fn captured(&self) -> Captured {
        Captured { value: (), events: self.events.judge(&self.registered, self.first) }
    }
}

/// How an assertion fails.
#[track_caller]
#[allow(clippy::panic, reason = "an assertion of a test fails by panicking")]
fn fail(mistake: &str) -> ! {
    panic!("{mistake}")
}

/// Where the events go. Each capture judges them by the sets that it knows.
#[derive(Clone, Debug, Default)]
struct Events(Arc<Mutex<Vec<Logged>>>);

type Logged = (Raw, &'static Metadata<'static>);

impl Events {
    fn subscriber(&self) -> Dispatch {
        keep_callsites_open();
        let events = self.clone();
        let wanted = Wanted { fields: None, level: LevelFilter::TRACE };
        let layer = wanted.layer(move |raw, metadata| events.lock().push((raw, metadata)));
        Dispatch::new(tracing_subscriber::registry().with(layer))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Logged>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events from the given one on.
    fn judge(&self, registered: &Registered, first: usize) -> Vec<Observed> {
        let judge = |(raw, metadata): &Logged| raw.clone().judge(registered, metadata);
        self.lock().iter().skip(first).filter_map(judge).collect()
    }
}

/// Keeps tracing from remembering that nobody is interested in a call site.
///
/// While there is one dispatcher in the process, a new call site asks the one of its own thread, which may be none, and
/// keeps the answer "never". With a second one it asks all that there are. This one stays, and never says "never".
fn keep_callsites_open() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(Undecided));
}

/// Is interested in everything, and takes nothing.
struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The future of [`Capture::run_async`]: every poll, and the drop, has the subscriber.
struct Capturing<F> {
    future: Option<Pin<Box<F>>>,
    dispatch: Dispatch,
    events: Events,
    registered: Registered,
}

impl<F: Future> Future for Capturing<F> {
    type Output = Captured<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { future, dispatch, events, registered } = &mut *self;
        let polled = dispatcher::with_default(dispatch, || {
            let polled = future.as_mut().map(|future| future.as_mut().poll(context));
            if matches!(polled, Some(Poll::Ready(_))) {
                // What the future holds may log while it is dropped.
                *future = None;
            }
            polled
        });
        match polled {
            Some(polled) => polled.map(|value| Captured { value, events: events.judge(registered, 0) }),
            // Polled again after it was done.
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Capturing<F> {
    fn drop(&mut self) {
        let Self { future, dispatch, .. } = self;
        dispatcher::with_default(dispatch, || *future = None);
    }
}
