//! Captures the disconnect events of a test, for assertions.
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
//! A capture sees the disconnect events of all levels that the closure or future logs in its own thread. A nested
//! capture takes the events of its closure from the outer one. Events of *spawned* threads and tasks are not captured;
//! use [`capture_global`] for them.
//!
//! A capture also sees call sites that another thread reached first without a subscriber. It does not see levels that a
//! `max_level_...` feature of the crate `tracing` compiled out.

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
pub use super::observed::{Inconsistency, Observed};
use super::observed::{Raw, Registered};
use crate::category::DisconnectField;

/// Runs the closure and returns its value and its disconnect events. [The module](self) describes what is captured.
pub fn capture<T>(work: impl FnOnce() -> T) -> Captured<T> {
    Capture::new().run(work)
}

/// Runs the future and returns its value and its disconnect events. The future may move between threads. Events of
/// tasks that it spawns are not captured.
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

/// Captures the disconnect events of the whole process from now on, including those of other tests. Select your own
/// with [`Captured::only`].
///
/// The first call installs a global subscriber, which stays. Inside a [`capture`], events go to that capture instead.
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
/// Panics if the process already has a global subscriber.
#[track_caller]
pub fn capture_global() -> GlobalCapture {
    Capture::new().global()
}

/// Builds a capture that knows your own categories.
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
    /// Starts with the categories of this crate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers the categories of an enum of your own. The capture then verifies `disconnect_expected` for its
    /// reasons.
    pub fn register<T: DisconnectField>(mut self) -> Self {
        self.registered.add::<T>();
        self
    }

    /// Like [`capture`].
    pub fn run<T>(self, work: impl FnOnce() -> T) -> Captured<T> {
        let events = Events::default();
        let value = dispatcher::with_default(&events.subscriber(), work);
        Captured { value, events: events.judge(&self.registered, 0) }
    }

    /// Like [`capture_async`].
    pub fn run_async<F: Future>(self, work: F) -> impl Future<Output = Captured<F::Output>> {
        let events = Events::default();
        let dispatch = events.subscriber();
        Capturing { future: Some(Box::pin(work)), dispatch, events, registered: self.registered }
    }

    /// Like [`capture_global`].
    ///
    /// # Panics
    ///
    /// Panics if the process already has a global subscriber.
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

/// The value that a closure or future returned, and the disconnect events that it logged.
#[derive(Clone, Debug)]
pub struct Captured<T = ()> {
    /// The returned value.
    pub value: T,
    events: Vec<Observed>,
}

impl<T> Captured<T> {
    /// Returns the only event.
    ///
    /// # Panics
    ///
    /// Panics if there is no event or more than one. Panics if the event is inconsistent, or if its reason claims to be
    /// expected and is neither a category of this crate nor of a [registered](Capture::register) enum. The message
    /// lists all events.
    #[track_caller]
    pub fn one(&self) -> Observed {
        self.check_all();
        match self.events.as_slice() {
            [end] => end.clone(),
            events => fail(&self.listed(&std::format!("expected one disconnect event, found {}", events.len()))),
        }
    }

    /// Asserts that there is no event.
    ///
    /// # Panics
    ///
    /// Panics if there is an event. The message lists all events.
    #[track_caller]
    pub fn none(&self) {
        if !self.events.is_empty() {
            fail(&self.listed(&std::format!("expected no disconnect event, found {}", self.events.len())));
        }
    }

    /// Returns all events in logging order.
    ///
    /// # Panics
    ///
    /// Panics if [`one`](Self::one) would reject one of the events. The message lists all events.
    #[track_caller]
    pub fn all(&self) -> Vec<Observed> {
        self.check_all();
        self.events.clone()
    }

    /// Returns all events, including inconsistent ones.
    pub fn unchecked(&self) -> &[Observed] {
        &self.events
    }

    /// Keeps only the events that `wanted` selects.
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

/// A capture of the whole process, made by [`capture_global`].
#[derive(Clone, Debug)]
pub struct GlobalCapture {
    events: Events,
    /// The number of events before this capture began.
    first: usize,
    registered: Registered,
}

impl GlobalCapture {
    /// Returns the events that were logged since this capture began.
    pub fn captured(&self) -> Captured {
        Captured { value: (), events: self.events.judge(&self.registered, self.first) }
    }
}

/// Fails an assertion.
#[track_caller]
#[allow(clippy::panic, reason = "an assertion of a test fails by panicking")]
fn fail(mistake: &str) -> ! {
    panic!("{mistake}")
}

/// The collected events. Each capture checks them against its own registered sets.
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

    /// The events from position `first` on.
    fn judge(&self, registered: &Registered, first: usize) -> Vec<Observed> {
        let judge = |(raw, metadata): &Logged| raw.clone().judge(registered, metadata);
        self.lock().iter().skip(first).filter_map(judge).collect()
    }
}

/// Prevents tracing from disabling a call site permanently.
///
/// If the process has a single dispatcher, a new call site asks only the dispatcher of its own thread. If that thread
/// has none, tracing stores "never". With a second dispatcher, tracing asks all of them. This one never answers
/// "never", and it stays.
fn keep_callsites_open() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(Undecided));
}

/// A subscriber that is interested in every call site and discards every event.
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

/// The future of [`Capture::run_async`]. Every poll and the drop run with the subscriber.
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
                // Drops the future here, because its values may log when they are dropped.
                *future = None;
            }
            polled
        });
        match polled {
            Some(polled) => polled.map(|value| Captured { value, events: events.judge(registered, 0) }),
            // Polled after completion.
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
