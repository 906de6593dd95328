//! Exactly one line for each connection that came up.

mod context;
mod handle;
mod late;
mod outcome;
mod shutdown;
mod state;
mod sync;
mod transport;

use std::boxed::Box;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub use self::context::Context;
pub use self::handle::DisconnectHandle;
pub use self::late::late_ends;
pub use self::outcome::SetOutcome;
pub use self::shutdown::Shutdown;
use self::state::{Outer, Seat};
pub(crate) use self::transport::Sight;
use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::evidence::AsError;
use crate::record::{Disconnect, Traffic};

/// Writes the one line of a connection when it is dropped, whatever happened.
///
/// Make it once the connection is up, since a dial that failed is no disconnect. Then [`run`](Self::run) the connection
/// under it: an error is classified, logged and returned, and every other way out says why.
///
/// ```
/// use std::io;
/// use disconnect_core::{Category, DisconnectGuard, Endpoint};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// fn read_frame() -> io::Result<Option<u8>> {
///     Err(io::ErrorKind::ConnectionReset.into())
/// }
///
/// let guard = DisconnectGuard::new(END, |end| {
///     assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
///     assert_eq!(end.detail(), Some("connection reset"));
///     # #[cfg(feature = "tracing")]
///     disconnect_core::disconnected!(end, peer_id = 7, "session closed");
/// });
/// let result = guard.run_blocking(|_| -> io::Result<_> {
///     loop {
///         match read_frame()? {
///             None => return Ok(END.closed_by_peer()),
///             Some(frame) => drop(frame),
///         }
///     }
/// });
/// assert!(result.is_err());
/// ```
///
/// Without `run`, set the end where it is known, through the guard or through a [handle](Self::handle), and drop the guard
/// where the connection ends.
///
/// # Which end wins
///
/// The first one: what ends a connection makes everything after it fail. It is replaced or refined where a later end
/// explains it:
///
/// | the end so far | what replaces it |
/// |---|---|
/// | none, or what [`on_drop`](Self::on_drop) said | any end |
/// | a deadline that one operation missed | any end but another such; an expected end of this side keeps the deadline |
/// | an error that nobody understands | a broken pipe, a loss, silence, a violation, a failure, a complaint of the peer |
/// | use after close, a broken pipe | the same, and the peer's goodbye |
/// | a FIN that is declared a goodbye | every sign of a fault, and the peer's word |
/// | a loss: an end of file, a reset | a violation that was found in the bytes before it, the peer's word |
/// | silence: an idle or keep-alive timeout | a violation, a complaint of the peer |
/// | an expected end of this side | a panic |
/// | a violation, a failure, the peer's word | nothing |
///
/// An expected end of this side, or a [`Shutdown`], is refined by what became of its goodbye. Where no answer comes in time,
/// it gains the cause `deadline`; an error that nobody understands gives it `internal_error`; garbage, a complaint of the
/// peer or a failure of this side gives it their cause. Its line is then written at `WARN`. An end of file or a reset is how
/// a peer takes a goodbye, and changes nothing. A close code that only repeats ours says nothing of the peer.
///
/// What a watched stream saw is weaker than most of these: see the table of `Watched`, which [`watch`](Self::watch) makes.
///
/// An end that was resolved by the endpoint of another connection is told as seen from this one, with its layer and roles.
///
/// # A bare drop
///
/// Dropped without an end, because the task was cancelled or the runtime is gone, the end is `unknown` by this side with
/// the cause `dropped`; while panicking, the cause is `panicked`. Both are unexpected.
///
/// # Inside something else
///
/// A channel of a connection has a guard of its own, [under](Self::under) that of the connection. A connection may be
/// under the [`Shutdown`] of its server. Where the inner one has no end of its own, it has that of the outer one; of two
/// ends, the earlier wins, by the table above. Set the connection's end first, then let its channels go: a channel that is
/// dropped before its connection has an end was dropped bare.
///
/// # What it costs
///
/// One allocation. A guard waits for no lock while nobody else sets an end.
///
/// # Panics
///
/// The closure runs in `drop`. If it panics, `drop` does; while the thread is panicking anyway, that second panic is
/// caught, since it would abort the process. The line counts as written.
///
/// # Where there is no line
///
/// A guard writes its line when it is dropped. Nothing drops it where the process exits at once (`std::process::exit`), or
/// where its closure owns what owns the guard (an `Arc` of the struct that the guard is in).
///
/// # In a struct
///
/// The type of the closure cannot be named. For a field or a return type there is [`BoxedGuard`], which is also what
/// `DisconnectGuard` without a parameter means.
#[must_use = "a guard that is dropped at once writes its line at once"]
pub struct DisconnectGuard<F: FnOnce(&Disconnect) = Box<dyn FnOnce(&Disconnect) + Send>> {
    seat: Seat,
    // Never locked: so that a guard can be shared although its closure is not `Sync`.
    on_end: Mutex<Option<F>>,
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
/// let connection = Connection { guard: BoxedGuard::boxed(Endpoint::AGENT_FACING_CLIENT, write) };
/// connection.guard.set(Endpoint::AGENT_FACING_CLIENT.closed_by_peer());
/// ```
pub type BoxedGuard = DisconnectGuard<Box<dyn FnOnce(&Disconnect) + Send>>;

impl BoxedGuard {
    /// A connection that is up, as with [`DisconnectGuard::new`].
    pub fn boxed(endpoint: Endpoint, on_end: impl FnOnce(&Disconnect) + Send + 'static) -> Self {
        Self::new(endpoint, Box::new(on_end))
    }
}

impl<F: FnOnce(&Disconnect)> DisconnectGuard<F> {
    /// A connection that is up. `on_end` gets its one end, with the direction of the endpoint filled in, and writes the
    /// line; it runs in whatever span is entered when the guard is dropped.
    pub fn new(endpoint: Endpoint, on_end: F) -> Self {
        Self { seat: Seat::new(endpoint), on_end: Mutex::new(Some(on_end)) }
    }

    /// Runs the connection. The body gets a handle and says how the connection ended: by an end, or by an error, which the
    /// endpoint's classifier reads. The line is written before this returns.
    ///
    /// - `Ok(end)`: the end, unless a handle said before why. Returns what the line says, which is logged by then.
    /// - `Err(error)`: what the error means, with its text in the detail. Returns the error.
    /// - Dropped, because the task is cancelled: `unknown`, `dropped`. A panic: `unknown`, `panicked`.
    ///
    /// The body is an async closure, or a closure or function that returns a future. State its error type once:
    ///
    /// ```
    /// # use std::future::Future;
    /// # fn block_on<T>(future: impl Future<Output = T>) -> T {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) { return value }
    /// #     }
    /// # }
    /// # async fn read_frame() -> std::io::Result<Option<u8>> { Ok(None) }
    /// # block_on(async {
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// let guard = DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "client_closed"));
    /// guard
    ///     .run(async |_ended| -> std::io::Result<_> {
    ///         loop {
    ///             match read_frame().await? {
    ///                 None => return Ok(END.closed_by_peer()),
    ///                 Some(frame) => drop(frame),
    ///             }
    ///         }
    ///     })
    ///     .await?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// A body with `?` that does not state it fails to compile: the type parameter `BodyError` cannot be inferred.
    ///
    /// ```compile_fail,E0283
    /// # use disconnect_core::{DisconnectGuard, Endpoint};
    /// # const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    /// # let guard = DisconnectGuard::new(END, |_| ());
    /// let _ = guard.run(async |_ended| {
    ///     let _port: u16 = "7".parse()?;
    ///     Ok(END.closed_by_peer())
    /// });
    /// ```
    ///
    /// What the body owns is dropped before its error is known. A guard of another connection, such as the second one of a
    /// [`pair`](Self::pair), stays outside of the body; a channel's guard runs its own body, by `run`.
    ///
    /// Where tasks set the end through handles, the body may have nothing to add: it returns what they said, by
    /// [`ended.so_far()`](DisconnectHandle::so_far).
    ///
    /// # Errors
    ///
    /// The body's error.
    pub async fn run<M, BodyError, B, Fut>(self, body: B) -> Result<Disconnect, BodyError>
    where
        BodyError: AsError<M>,
        B: FnOnce(DisconnectHandle) -> Fut,
        Fut: Future<Output = Result<Disconnect, BodyError>>,
    {
        let result = body(self.handle()).await;
        self.finish_with(result)
    }

    /// The same on a thread: the body returns when the connection has ended.
    ///
    /// # Errors
    ///
    /// The body's error.
    pub fn run_blocking<M, BodyError, B>(self, body: B) -> Result<Disconnect, BodyError>
    where
        BodyError: AsError<M>,
        B: FnOnce(DisconnectHandle) -> Result<Disconnect, BodyError>,
    {
        let result = body(self.handle());
        self.finish_with(result)
    }

    fn take_on_end(&mut self) -> Option<F> {
        self.on_end.get_mut().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn finish_with<M, E: AsError<M>>(self, result: Result<Disconnect, E>) -> Result<Disconnect, E> {
        match result {
            Ok(end) => {
                self.set(end);
                Ok(self.finish())
            }
            Err(error) => {
                self.failed(&error);
                Err(error)
            }
        }
    }

    /// Sets why the connection ends. Say it before closing, not after.
    pub fn set(&self, end: Disconnect) -> SetOutcome {
        self.seat.set(end)
    }

    /// An error ended the connection: the endpoint's classifier reads it, and its text becomes the detail.
    ///
    /// ```
    /// use std::io;
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::AGENT_FACING_SERVER, |end| {
    ///     assert_eq!((end.reason().as_str(), end.detail()), ("unknown", Some("disk on fire")));
    /// });
    /// guard.failed(&io::Error::other("disk on fire"));
    /// ```
    pub fn failed<M, E: AsError<M> + ?Sized>(&self, error: &E) -> SetOutcome {
        self.seat.failed(error)
    }

    /// Puts this connection into another, or under a [`Shutdown`]; the last call counts. A connection that runs in another
    /// one needs no shutdown of its own: it has that of the outer one.
    ///
    /// A connection cannot run inside itself: a call that would make it do so changes nothing.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_CLIENT;
    /// let is_eof = |end: &disconnect_core::Disconnect| assert_eq!(end.cause().map(Category::as_str), Some("unclean_eof"));
    ///
    /// let connection = DisconnectGuard::new(END, is_eof);
    /// let first = DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "client_closed")).under(&connection);
    /// let second = DisconnectGuard::new(END, is_eof).under(&connection);
    ///
    /// first.set(END.closed_by_peer());
    /// connection.set(END.eof());
    /// drop((first, second, connection));
    /// ```
    pub fn under(self, outer: &impl Scope) -> Self {
        self.seat.set_outer(outer.outer(Sealed));
        self
    }

    /// Takes the time from here on, for [`Disconnect::duration`].
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |end| assert!(end.duration().is_some())).timed();
    /// assert!(guard.finish().duration_secs() > Some(0.0));
    /// ```
    pub fn timed(self) -> Self {
        self.seat.add_traffic(Traffic::timed);
        self
    }

    /// Joins the two connections of a proxy: both lines tell the same end. What one of them says first is the end of both,
    /// by the table above, and once one line is written it stays.
    ///
    /// Each connection logs it with its own roles and layer. "The peer closed" on one of them names that party on both, as
    /// far as the other one's set has it. What either of them is [under](Self::under) counts for both: a pair under two
    /// [`Shutdown`]s ends when one of them begins.
    ///
    /// A guard that is in a pair already stays as it is.
    ///
    /// ```
    /// use disconnect_core::{Category, Disconnect, DisconnectField, DisconnectGuard, Endpoint, Peer};
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("disconnect_initiator")]
    /// enum Party { Client, Proxy, Backend, Network }
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("connect_type")]
    /// enum Link { Downstream, Upstream }
    ///
    /// const DOWN: Endpoint = Endpoint::between(&Party::Proxy, Peer::client(&Party::Client), &Link::Downstream);
    /// const UP: Endpoint = Endpoint::between(&Party::Proxy, Peer::server(&Party::Backend), &Link::Upstream);
    ///
    /// let by_client = |end: &Disconnect| {
    ///     assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("client_closed", Some("client")));
    /// };
    /// let (down, up) = DisconnectGuard::pair(DisconnectGuard::new(DOWN, by_client), DisconnectGuard::new(UP, by_client));
    /// down.set(DOWN.closed_by_peer());
    /// up.set(UP.eof()); // a consequence
    /// drop((down, up));
    /// ```
    pub fn pair<G: FnOnce(&Disconnect)>(first: Self, mut second: DisconnectGuard<G>) -> (Self, DisconnectGuard<G>) {
        if let Some(seat) = first.seat.join(&second.seat) {
            second.seat = seat;
        }
        (first, second)
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
    pub fn connecting(self) -> Self {
        self.seat.set_connecting();
        self
    }

    /// The connection is up: from here on it ends in a line.
    pub fn established(&self) {
        self.seat.set_established();
    }

    /// Drops the guard without a line: there was no connection after all, or another line tells its end.
    pub fn discard(mut self) {
        self.take_on_end();
        self.seat.discard();
    }

    /// What sets the end from elsewhere. Give one to every task of the connection.
    pub fn handle(&self) -> DisconnectHandle {
        DisconnectHandle { seat: self.seat.clone() }
    }

    /// Sets which end of which connection this is, where the peer's role is known only after its first message. An end that
    /// is set already stays as it is.
    pub fn set_endpoint(&self, endpoint: Endpoint) {
        self.seat.set_endpoint(endpoint);
    }

    /// Sets over which path the connection runs now, for ends that do not say so. Guards under this one have it too, unless
    /// they have a path of their own.
    pub fn set_method(&self, method: impl slot::Method) {
        self.seat.set_method(method.category());
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
        self.seat.set_on_drop(end);
    }

    /// The end so far: what the line would be about, were it written now. `None` where a drop would be a bare one.
    pub fn get(&self) -> Option<Disconnect> {
        self.seat.get()
    }

    /// Writes the line now, and returns the end that it says; of one that is still [`connecting`](Self::connecting), the
    /// end without a line.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::CLIENT_FACING_AGENT, |_| ());
    /// guard.set(Endpoint::CLIENT_FACING_AGENT.eof());
    /// assert_eq!(guard.finish().cause().map(Category::as_str), Some("unclean_eof"));
    /// ```
    pub fn finish(self) -> Disconnect {
        let handle = self.handle();
        drop(self);
        handle.so_far()
    }
}

impl<F: FnOnce(&Disconnect)> Drop for DisconnectGuard<F> {
    fn drop(&mut self) {
        let Some(on_end) = self.take_on_end() else { return };
        let panicking = thread::panicking();
        if !panicking {
            if let Ok(end) = self.seat.finish_alone() {
                return end.map_or((), on_end);
            }
        }
        // The closure may ask the handles, so no lock is held while it runs.
        let finish = || self.seat.finish(panicking).map_or((), |end| on_end(&end));
        if panicking {
            // A second panic, in the closure or in the user's own mapping of reasons, would abort the process. The panic
            // hook has reported it like the first.
            let _ = catch_unwind(AssertUnwindSafe(finish));
        } else {
            finish();
        }
    }
}

impl<F: FnOnce(&Disconnect)> fmt::Debug for DisconnectGuard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DisconnectGuard").field(&self.get()).finish()
    }
}

/// What a connection may be [under](DisconnectGuard::under): a guard, its handle, or a [`Shutdown`].
pub trait Scope {
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "seals the trait")]
    fn outer(&self, _: Sealed) -> Outer;
}

#[derive(Clone, Copy, Debug)]
struct Sealed;

impl<F: FnOnce(&Disconnect)> Scope for DisconnectGuard<F> {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn outer(&self, _: Sealed) -> Outer {
        Outer::Connection(self.seat.clone())
    }
}

impl Scope for DisconnectHandle {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn outer(&self, _: Sealed) -> Outer {
        Outer::Connection(self.seat.clone())
    }
}

impl<T> Scope for Shutdown<T> {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn outer(&self, _: Sealed) -> Outer {
        Outer::Shutdown(self.announcement())
    }
}
