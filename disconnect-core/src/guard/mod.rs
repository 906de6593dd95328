//! Exactly one line for each connection that came up.

mod shutdown;
mod state;
mod sync;

use std::boxed::Box;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::record::{Disconnect, Parts};

pub use self::shutdown::Shutdown;
pub use self::state::SetOutcome;
use self::state::{Access, Shared, State};
use self::sync::{Arc, Mutex, NESTING, get_mut, lock};

/// Writes the one line of a connection when it is dropped, whatever happened.
///
/// Make it once the connection is up, since a dial that failed is no disconnect (or say
/// [`connecting`](Self::connecting)). Keep it where the connection lives, and set the end where it is known, through the
/// guard or through a [handle](Self::handle).
///
/// ```
/// use disconnect_core::{Category, Classifier, DisconnectGuard, Endpoint, SetOutcome};
/// # use std::io;
///
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
/// static CLASSIFIER: Classifier = Classifier::new();
///
/// let guard = DisconnectGuard::new(END, |end| {
///     assert_eq!((end.reason().as_str(), end.direction().map(Category::as_str)), ("server_shutdown", Some("server_to_agent")));
///     # #[cfg(feature = "tracing")]
///     disconnect_core::disconnected!(end, peer_id = 7, "disconnected from coordination RPC");
/// });
/// let ended = guard.handle();
///
/// assert_eq!(ended.set(END.shutting_down()), SetOutcome::Kept); // before closing, not after
/// let error = io::Error::from(io::ErrorKind::ConnectionReset);
/// assert_eq!(ended.set(END.failed(&CLASSIFIER, &error)), SetOutcome::Ignored);
/// drop(guard);
/// assert!(matches!(ended.set(END.eof()), SetOutcome::TooLate(_)));
/// ```
///
/// # Which end wins
///
/// The first one. It gives way to what stands firmer, by the [rank](Disconnect::evidence_rank) of the evidence, weakest
/// first:
///
/// | there | its place is taken by |
/// |---|---|
/// | nothing, or what [`on_drop`](Self::on_drop) said | any end |
/// | a deadline that one operation missed | any end but another such |
/// | [`FollowOn`](crate::evidence::Rank::FollowOn): use after close, an error that nobody understands | a broken pipe or an end, unless it is one of ours that is expected |
/// | [`BrokenPipe`](crate::evidence::Rank::BrokenPipe) | an end, unless it is one of ours that is expected |
/// | an end of file, a reset, silence | what the peer said itself |
/// | any other end | nothing |
///
/// So our own shutdown never covers up what broke the connection before it.
///
/// Where our goodbye gets no answer in time, say the same end once more with the cause `deadline`, as
/// [`Endpoint::exit`] does: the end stays what it was, and takes over the cause (and the detail, if it has none), so that
/// it does not look like a clean one.
///
/// # A bare drop
///
/// Dropped with nothing set, because the task was cancelled or the runtime is gone, the end is `unknown` with the cause
/// `dropped`; while panicking, the cause is `panicked`. Both are unexpected.
///
/// # Inside something else
///
/// A channel of a connection has a guard of its own, [under](Self::under) that of the connection. A connection may be
/// under the [`Shutdown`] of its server. Where the inner one has no end of its own, it has that of the outer one;
/// of two ends, the earlier wins, by the table above. An inner one that is dropped *before* the outer one has an end
/// was dropped bare: set the connection's end first, then let its channels go. What the peer said on a channel before it
/// closed the connection may still be on its way to the channel's task: let that take it, then set the connection's end.
///
/// # What it costs
///
/// Nothing is allocated without handles, and once with them, with guards under it, by
/// [`connecting`](Self::connecting) or by [`finish`](Self::finish). An end with an owned detail is copied for those who
/// ask later.
///
/// # Panics
///
/// The closure runs in `drop`. If it panics, `drop` does; while the thread is panicking anyway, that second panic is
/// caught, since it would abort the process. The line counts as written.
#[must_use = "a guard that is dropped at once writes its line at once"]
pub struct DisconnectGuard<F: FnOnce(&Disconnect)> {
    // One lock around both, so that a guard can be shared although its closure is not `Sync`.
    inner: Mutex<Inner<F>>,
}

/// A guard whose type can be named, to keep it in a struct or to return it from a task. The closure is boxed for that.
///
/// ```
/// use disconnect_core::{BoxedGuard, Endpoint};
///
/// struct Connection {
///     guard: BoxedGuard,
/// }
///
/// let write = |end: &disconnect_core::Disconnect| assert_eq!(end.reason().as_str(), "client_closed");
/// let mut connection = Connection { guard: BoxedGuard::boxed(Endpoint::AGENT_FACING_CLIENT, write) };
/// connection.guard.set(Endpoint::AGENT_FACING_CLIENT.closed_by_peer());
/// ```
pub type BoxedGuard = DisconnectGuard<Box<dyn FnOnce(&Disconnect) + Send>>;

impl BoxedGuard {
    /// A connection that is up, as with [`DisconnectGuard::new`].
    pub fn boxed(endpoint: Endpoint, on_end: impl FnOnce(&Disconnect) + Send + 'static) -> Self {
        Self::new(endpoint, Box::new(on_end))
    }
}

struct Inner<F> {
    place: Place,
    on_end: Option<F>,
}

/// What is known of the end, and who else has a say in it.
struct Place {
    state: State,
    others: Sharing,
}

enum Sharing {
    None,
    /// What this connection runs in.
    Upper(Arc<Shared>),
    /// Handles and guards under this one: the state is there, with what this connection runs in.
    Shared(Arc<Shared>),
}

impl Place {
    #[inline]
    fn is_alone(&self) -> bool {
        matches!(self.others, Sharing::None)
    }

    fn with<T>(&mut self, work: impl FnOnce(Access<'_>) -> T) -> T {
        match &self.others {
            Sharing::None => work(self.state.with_upper(None)),
            Sharing::Upper(upper) => work(self.state.with_upper(Some(upper))),
            Sharing::Shared(shared) => shared.with(work),
        }
    }

    fn share(&mut self) -> Arc<Shared> {
        let upper = match &self.others {
            Sharing::None => None,
            Sharing::Upper(upper) => Some(upper.clone()),
            Sharing::Shared(shared) => return shared.clone(),
        };
        let state = std::mem::replace(&mut self.state, State::EMPTY);
        let shared = Arc::new(Shared::new(state, upper));
        self.others = Sharing::Shared(shared.clone());
        shared
    }

    fn set_upper(&mut self, upper: Arc<Shared>) {
        match &self.others {
            Sharing::None | Sharing::Upper(_) => self.others = Sharing::Upper(upper),
            Sharing::Shared(shared) => {
                let _nesting = lock(&NESTING);
                if !is_around(shared, &upper) {
                    shared.set_upper(upper);
                }
            }
        }
    }
}

/// Whether the other one is this one, or inside it.
fn is_around(shared: &Arc<Shared>, other: &Arc<Shared>) -> bool {
    let mut next = Some(other.clone());
    while let Some(other) = next {
        if Arc::ptr_eq(&other, shared) {
            return true;
        }
        next = other.upper();
    }
    false
}

impl<F: FnOnce(&Disconnect)> DisconnectGuard<F> {
    /// A connection that is up. `on_end` gets its one end, with the direction of the endpoint filled in, and writes the
    /// line; it runs in whatever span is entered when the guard is dropped.
    #[inline]
    pub fn new(endpoint: Endpoint, on_end: F) -> Self {
        let place = Place { state: State::of(endpoint), others: Sharing::None };
        Self { inner: Mutex::new(Inner { place, on_end: Some(on_end) }) }
    }

    /// Puts this connection into another, or under the shutdown cause of its server; the last call counts.
    ///
    /// A connection cannot run inside itself: a call that would make it do so changes nothing.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_CLIENT;
    ///
    /// let mut connection = DisconnectGuard::new(END, |end| assert_eq!(end.cause().map(Category::as_str), Some("unclean_eof")));
    /// let mut first = DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "client_closed")).under(&connection);
    /// let second = DisconnectGuard::new(END, |end| assert_eq!(end.cause().map(Category::as_str), Some("unclean_eof"))).under(&connection);
    ///
    /// first.set(END.closed_by_peer());
    /// connection.set(END.eof());
    /// drop((first, second, connection));
    /// ```
    pub fn under(mut self, outer: &impl Scope) -> Self {
        get_mut(&mut self.inner).place.set_upper(outer.shared(Sealed));
        self
    }

    /// Not up yet: until [`established`](Self::established) says so, a drop writes no line.
    ///
    /// For libraries that say only once why a connection ends, to a handler that has to be there before it comes up.
    /// Everywhere else, make the guard when the connection is up. Guards under this one write their lines all the same.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::CLIENT_FACING_AGENT;
    ///
    /// let refused = DisconnectGuard::new(END, |_| panic!("no connection, no line")).connecting();
    /// refused.handle().set(END.eof());
    /// drop(refused);
    ///
    /// let guard = DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "client_closed")).connecting();
    /// let ended = guard.handle(); // for the handler
    /// guard.established();
    /// ended.set(END.closed_locally());
    /// ```
    pub fn connecting(mut self) -> Self {
        get_mut(&mut self.inner).place.share().set_connecting(true);
        self
    }

    /// The connection is up: from here on it ends in a line.
    pub fn established(&self) {
        self.share().set_connecting(false);
    }

    /// What sets the end from elsewhere. Give one to every task of the connection.
    pub fn handle(&self) -> DisconnectHandle {
        DisconnectHandle { shared: self.share() }
    }

    /// Sets why the connection ends. Say it before closing, not after.
    ///
    /// Takes no lock while there are no handles; from more than one place, set it through [handles](Self::handle).
    #[inline]
    pub fn set(&mut self, end: Disconnect) -> SetOutcome {
        let place = &mut get_mut(&mut self.inner).place;
        if place.is_alone() && !place.state.has_end() {
            place.state.set_first(end);
            SetOutcome::Kept
        } else {
            set_against_others(place, end.into())
        }
    }

    /// Sets over which path the connection runs now, for ends that do not say so. Guards under this one have it too.
    pub fn set_method(&self, method: impl slot::Method) {
        let method = method.category();
        lock(&self.inner).place.with(|mut state| state.set_method(method));
    }

    /// Sets what a bare drop means, where cancellation is the normal way to stop. A panic is still a panic.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::CLIENT_FACING_SERVER;
    ///
    /// let guard = DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "client_closed"));
    /// guard.on_drop(END.closed_locally());
    /// ```
    pub fn on_drop(&self, end: Disconnect) {
        lock(&self.inner).place.with(|mut state| state.set_on_drop(end));
    }

    /// The end so far: what the line would be about, were it written now. `None` where a drop would be a bare one.
    /// A direction and a method that the end leaves open are filled in when the line is written.
    pub fn get(&self) -> Option<Disconnect> {
        lock(&self.inner).place.with(|mut state| state.get().cloned())
    }

    /// Writes the line now, and returns the end that it says; of one that is still [`connecting`](Self::connecting), the
    /// end without a line.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    ///
    /// let mut guard = DisconnectGuard::new(Endpoint::CLIENT_FACING_AGENT, |_| ());
    /// guard.set(Endpoint::CLIENT_FACING_AGENT.eof());
    /// assert_eq!(guard.finish().cause().map(Category::as_str), Some("unclean_eof"));
    /// ```
    pub fn finish(self) -> Disconnect {
        let shared = self.share();
        drop(self);
        shared.end()
    }

    fn share(&self) -> Arc<Shared> {
        lock(&self.inner).place.share()
    }
}

impl<F: FnOnce(&Disconnect)> Drop for DisconnectGuard<F> {
    #[inline]
    fn drop(&mut self) {
        let Inner { place, on_end } = get_mut(&mut self.inner);
        let Some(on_end) = on_end.take() else { return };
        if place.is_alone() && !thread::panicking() {
            on_end(place.state.finish());
        } else {
            write_shared_or_panicking(place, on_end);
        }
    }
}

/// Apart, so that the plain case stays small.
#[inline(never)]
fn set_against_others(place: &mut Place, end: Parts) -> SetOutcome {
    place.with(|mut state| state.set(end.into()))
}

/// Apart, so that the plain case stays small.
#[inline(never)]
fn write_shared_or_panicking(place: &mut Place, on_end: impl FnOnce(&Disconnect)) {
    let panicking = thread::panicking();
    // The closure may ask the handles, so no lock is held while it runs.
    let end = match &place.others {
        Sharing::Shared(shared) => shared.finish(panicking),
        Sharing::None | Sharing::Upper(_) => Some(place.with(|state| state.finish(panicking).clone())),
    };
    let Some(end) = end else { return };
    if panicking {
        // The second panic has been reported by the panic hook, like the first.
        let _ = catch_unwind(AssertUnwindSafe(|| on_end(&end)));
    } else {
        on_end(&end);
    }
}

impl<F: FnOnce(&Disconnect)> fmt::Debug for DisconnectGuard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DisconnectGuard").field(&self.get()).finish()
    }
}

/// Sets the end of a guarded connection from elsewhere: cheap to clone, and allowed to outlive the guard.
///
/// A handle does not keep the connection open: the line is written when the [guard](DisconnectGuard) is dropped.
#[derive(Clone)]
pub struct DisconnectHandle {
    shared: Arc<Shared>,
}

impl DisconnectHandle {
    /// Sets why the connection ends. Say it before closing, not after.
    pub fn set(&self, end: Disconnect) -> SetOutcome {
        self.shared.with(|mut state| state.set(end))
    }

    /// Sets over which path the connection runs now; see [`DisconnectGuard::set_method`].
    pub fn set_method(&self, method: impl slot::Method) {
        let method = method.category();
        self.shared.with(|mut state| state.set_method(method));
    }

    /// The connection is up; see [`DisconnectGuard::connecting`].
    pub fn established(&self) {
        self.shared.set_connecting(false);
    }

    /// The end so far; once the guard is dropped, what its line said.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |_| ());
    /// let ended = guard.handle();
    /// assert_eq!(ended.get(), None);
    /// drop(guard);
    /// assert_eq!(ended.get().unwrap().cause().map(Category::as_str), Some("dropped"));
    /// ```
    pub fn get(&self) -> Option<Disconnect> {
        self.shared.with(|mut state| state.get().cloned())
    }
}

impl fmt::Debug for DisconnectHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DisconnectHandle").field(&self.get()).finish()
    }
}

/// What a connection may be [under](DisconnectGuard::under): a guard, its handle, or a [`Shutdown`].
pub trait Scope {
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "seals the trait")]
    fn shared(&self, _: Sealed) -> Arc<Shared>;
}

#[derive(Clone, Copy, Debug)]
struct Sealed;

impl<F: FnOnce(&Disconnect)> Scope for DisconnectGuard<F> {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn shared(&self, _: Sealed) -> Arc<Shared> {
        self.share()
    }
}

impl Scope for DisconnectHandle {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn shared(&self, _: Sealed) -> Arc<Shared> {
        self.shared.clone()
    }
}

impl<T> Scope for Shutdown<T> {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn shared(&self, _: Sealed) -> Arc<Shared> {
        self.shared()
    }
}
