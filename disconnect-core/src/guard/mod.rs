//! `DisconnectGuard`: writes exactly one line for each established connection.

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
use std::time::Duration;

pub use self::context::Context;
pub use self::handle::DisconnectHandle;
pub use self::late::late_ends;
pub use self::outcome::SetOutcome;
pub use self::shutdown::Shutdown;
use self::state::{ConnectionRef, Outer};
pub(crate) use self::transport::Sight;
use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::evidence::AsError;
use crate::record::{Disconnect, Traffic};

/// Writes the line of one connection when it is dropped.
///
/// Create the guard when the connection is established, because a failed dial is not a disconnect. Then
/// [`run`](Self::run) the connection under it. `run` classifies and logs an error, and then returns it. Every other way
/// out of the body has to return a record.
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
/// Without `run`, call [`set`](Self::set) or [`failed`](Self::failed) as soon as you know why the connection ends, on
/// the guard or on a [handle](Self::handle). Drop the guard when the connection has ended.
///
/// # Which record wins
///
/// The first record wins, because everything fails after a connection has ended. A later record replaces the first one
/// if it explains it:
///
/// | current record | what replaces it |
/// |---|---|
/// | none, or the one of [`on_drop`](Self::on_drop) | every record |
/// | a missed deadline of one operation | every record except another missed deadline. A normal end by this side keeps the cause `deadline` |
/// | an error that no reader understands | a broken pipe, an end of file, a reset, a timeout, a protocol violation, a failure, an error code of the peer, a panic |
/// | use after close | a broken pipe, an end of file, a reset, a timeout, a protocol violation, a failure, a goodbye or an error code of the peer, a panic |
/// | a broken pipe | an end of file, a reset, a timeout, a protocol violation, a failure, a goodbye or an error code of the peer, a panic |
/// | a FIN that is declared a goodbye | every fault except use after close, and the peer's goodbye |
/// | an end of file, a reset | a protocol violation found in the bytes before it, a goodbye or an error code of the peer |
/// | an idle or keep-alive timeout | a protocol violation, an error code of the peer |
/// | a normal end by this side | a panic |
/// | a protocol violation, a failure, a goodbye or an error code of the peer | nothing |
///
/// A failure is an unexpected end that your code recorded itself, such as a refused login.
///
/// A normal end by this side, or a [`Shutdown`], keeps its reason, but gains a cause if its goodbye goes wrong:
///
/// | what happens to the goodbye | added cause |
/// |---|---|
/// | no answer arrives in time | `deadline` |
/// | an error that no reader understands | `internal_error` |
/// | a protocol violation, an error code of the peer, a failure of this side | the cause of that record, or `internal_error` |
///
/// The line is then written at `WARN`. An end of file or a reset is a normal answer to a goodbye, and adds nothing. A
/// close code of the peer that only repeats the code of this side is ignored.
///
/// Observations of a watched stream are weaker than most of these records. [`Watched`](crate::Watched) has the table.
/// [`watch`](Self::watch) creates such a stream.
///
/// A record that was resolved by the endpoint of another connection is translated to the roles and the layer of this
/// one.
///
/// # Drop without a record
///
/// If the guard is dropped without a record, because its task was cancelled or the runtime is gone, the line is
/// `unknown` by this side, with the cause `dropped`. During a panic the cause is `panicked`. Both are unexpected.
///
/// # Nested connections
///
/// Give a channel of a connection its own guard, [`under`](Self::under) the guard of the connection. Put a connection
/// under the [`Shutdown`] of its server. An inner guard without a record of its own logs that of the outer one. If both
/// have one, the table above decides, and the earlier one counts as the first.
///
/// Set the record of the connection before you drop its channels. A channel that is dropped before the connection has a
/// record logs `dropped`.
///
/// # Cost
///
/// A guard makes one allocation. It does not wait for a lock unless another thread sets a record at the same moment.
///
/// # Panics
///
/// The closure runs in `drop`. If it panics, `drop` panics. If the thread is already panicking, the second panic is
/// caught, because it would abort the process. In both cases the line counts as written.
///
/// # When no line is written
///
/// A guard that is never dropped writes no line. That happens if the process calls `std::process::exit`, or if the
/// closure owns the value that owns the guard, such as an `Arc` of the struct with the guard.
///
/// # In a struct
///
/// The type of a closure has no name. For a field or a return type use [`BoxedGuard`], which is `DisconnectGuard` with
/// the default type parameter.
#[must_use = "a guard that is dropped at once writes its line at once"]
pub struct DisconnectGuard<F: FnOnce(&Disconnect) = Box<dyn FnOnce(&Disconnect) + Send>> {
    connection: ConnectionRef,
    // Never locked. The mutex makes the guard `Sync` although the closure may not be.
    on_end: Mutex<Option<F>>,
}

/// A guard with a named type, for a struct field or a return type. The closure is boxed.
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
    /// Creates a guard for an established connection, like [`DisconnectGuard::new`], and boxes the closure.
    pub fn boxed(endpoint: Endpoint, on_end: impl FnOnce(&Disconnect) + Send + 'static) -> Self {
        Self::new(endpoint, Box::new(on_end))
    }
}

impl<F: FnOnce(&Disconnect)> DisconnectGuard<F> {
    /// Creates a guard for an established connection.
    ///
    /// When the guard is dropped, it calls `on_end` once, with the record of the connection. Write the line there, for
    /// example with [`disconnected!`](crate::disconnected). The closure runs in the span that is entered at that
    /// moment.
    ///
    /// If the peer or the ids are not known yet, see [`with_context`](DisconnectGuard::with_context),
    /// [`set_endpoint`](Self::set_endpoint) and [`connecting`](Self::connecting).
    pub fn new(endpoint: Endpoint, on_end: F) -> Self {
        Self { connection: ConnectionRef::new(endpoint), on_end: Mutex::new(Some(on_end)) }
    }

    /// Runs the connection, and writes its line before it returns.
    ///
    /// The body gets a handle, and returns why the connection ended:
    ///
    /// | the body | the line | `run` returns |
    /// |---|---|---|
    /// | returns `Ok(record)` | the record, unless one that a handle set before wins | the logged record |
    /// | returns `Err(error)` | what the error means, with its text as the detail | the error |
    /// | is dropped, because its task is cancelled | `unknown`, with the cause `dropped` | nothing |
    /// | panics | `unknown`, with the cause `panicked` | nothing: the panic continues |
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
    /// If it does not, a body with `?` does not compile: the compiler cannot infer the type parameter `BodyError`.
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
    /// The values that the body owns are dropped before its error is known. So do not move the guard of another
    /// connection into the body, such as the second guard of a [`pair`](Self::pair). For a channel, call `run` on its
    /// own guard.
    ///
    /// If the tasks of the connection set the record through handles, return
    /// [`ended.so_far()`](DisconnectHandle::so_far) from the body.
    ///
    /// # Errors
    ///
    /// Returns the error of the body.
    pub async fn run<M, BodyError, B, Fut>(self, body: B) -> Result<Disconnect, BodyError>
    where
        BodyError: AsError<M>,
        B: FnOnce(DisconnectHandle) -> Fut,
        Fut: Future<Output = Result<Disconnect, BodyError>>,
    {
        let result = body(self.handle()).await;
        self.finish_with(result)
    }

    /// Runs the connection on this thread, like [`run`](Self::run). The body returns when the connection has ended.
    ///
    /// # Errors
    ///
    /// Returns the error of the body.
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

    /// Records why the connection ends. Call it before closing, not after.
    ///
    /// The first record wins, with the exceptions [above](Self#which-record-wins). If you never call it, the line is
    /// `unknown` with the cause `dropped`.
    pub fn set(&self, end: Disconnect) -> SetOutcome {
        self.connection.set(end)
    }

    /// Records that an error ended the connection. The classifier of the endpoint reads the error, and its text becomes
    /// the detail.
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
        self.connection.failed(error)
    }

    /// Nests this connection in another one, or puts it under a [`Shutdown`].
    ///
    /// Without a record of its own, this connection then logs that of the outer one. The last call counts. A connection
    /// inside another one needs no shutdown of its own, because it has that of the outer one. A call that would nest a
    /// connection in itself has no effect.
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
        self.connection.set_outer(outer.outer(Sealed));
        self
    }

    /// Starts the clock for [`Disconnect::duration`]. Without it, the record has no duration.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |end| assert!(end.duration().is_some())).timed();
    /// assert!(guard.finish().duration_secs() > Some(0.0));
    /// ```
    pub fn timed(self) -> Self {
        self.connection.add_traffic(Traffic::timed);
        self
    }

    /// Sets how long the peer waits for the work of this guard, from now on: for a call with a deadline. `None` changes
    /// nothing.
    ///
    /// A peer whose deadline has passed cancels, which looks like a goodbye. A library that measures the time too drops the task.
    /// After that time, both are `network_error` by the peer with the cause `deadline`. Every other end keeps its reason.
    ///
    /// The peer's clock started earlier than this one, so the last eighth of the time counts as passed.
    ///
    /// The guard of a gRPC call, here with tonic, takes the time from the request:
    ///
    /// ```
    /// use disconnect_core::evidence::grpc_timeout;
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    /// # use std::collections::HashMap;
    /// # struct Request(HashMap<&'static str, &'static str>);
    /// # impl Request { fn metadata(&self) -> &HashMap<&'static str, &'static str> { &self.0 } }
    /// # let request = Request([("grpc-timeout", "1n")].into());
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// let guard = DisconnectGuard::new(END, |end| {
    ///     assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("network_error", Some("client")));
    ///     assert_eq!(end.cause().map(Category::as_str), Some("deadline"));
    /// })
    /// .within(grpc_timeout(request.metadata().get("grpc-timeout")));
    /// // After that time, the client cancels, and tonic's `message()` returns `None`.
    /// guard.set(END.closed_by_peer());
    /// ```
    pub fn within(self, timeout: Option<Duration>) -> Self {
        if let Some(timeout) = timeout {
            self.connection.add_traffic(|others| Traffic::awaited(others, timeout));
        }
        self
    }

    /// Joins the two connections of a proxy, so that both lines have the same end reason.
    ///
    /// The first record of either connection counts for both, by the rules [above](Self#which-record-wins). Once one
    /// line is written, the record is final.
    ///
    /// Each connection logs the record with its own roles and layer. If the peer of one connection closed, both lines
    /// name that party, provided that the set of the other endpoint has it. A [`Scope`] of either connection counts for
    /// both: a pair under two [`Shutdown`]s ends when one of them begins.
    ///
    /// A goodbye counts for the connection that it came on. It explains an end of file on the other one. It explains no
    /// reset and no broken pipe that was reported there before, nor one that a [watched stream](crate::Watched) sees before
    /// this side closes it: then both lines report the failure.
    ///
    /// A guard that is already in a pair stays in it, and the call has no effect.
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
        if let Some(connection) = first.connection.join(&second.connection) {
            second.connection = connection;
        }
        (first, second)
    }

    /// Marks the connection as not established yet. Until [`established`](Self::established) is called, dropping the
    /// guard writes no line.
    ///
    /// Use it for a library whose handler has to exist before the connection does, and that reports the reason of the
    /// end only to that handler. In all other cases create the guard when the connection is established. Guards under
    /// this one write their lines in any case.
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
        self.connection.set_connecting();
        self
    }

    /// Marks the connection as established, so that dropping the guard writes a line. Only has an effect after
    /// [`connecting`](Self::connecting).
    pub fn established(&self) {
        self.connection.set_established();
    }

    /// Drops the guard without a line.
    ///
    /// Use it if there was no connection after all, or if another line reports its end.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |_| panic!("no line"));
    /// guard.discard();
    /// ```
    pub fn discard(mut self) {
        self.take_on_end();
        self.connection.discard();
    }

    /// Returns a handle that records the end from another task. Give one to each task of the connection.
    pub fn handle(&self) -> DisconnectHandle {
        DisconnectHandle { connection: self.connection.clone() }
    }

    /// Replaces the endpoint, for a connection whose peer has no known role before its first message.
    ///
    /// A record that was set before keeps its roles.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |end| {
    ///     assert_eq!(end.direction().map(Category::as_str), Some("server_to_agent"));
    /// });
    /// // The first message shows that the peer is an agent.
    /// guard.set_endpoint(Endpoint::SERVER_FACING_AGENT);
    /// guard.set(Endpoint::SERVER_FACING_AGENT.closed_by_peer());
    /// ```
    pub fn set_endpoint(&self, endpoint: Endpoint) {
        self.connection.set_endpoint(endpoint);
    }

    /// Sets the path that the connection uses now, for records without a path of their own. Guards under this one
    /// inherit it, unless they have a path.
    ///
    /// ```
    /// use disconnect_core::{Category, ConnectionMethod, DisconnectGuard, Endpoint};
    ///
    /// let guard = DisconnectGuard::new(Endpoint::CLIENT_FACING_AGENT, |end| {
    ///     assert_eq!(end.method().map(Category::as_str), Some("direct"));
    /// });
    /// guard.set_method(ConnectionMethod::Direct);
    /// ```
    pub fn set_method(&self, method: impl slot::Method) {
        self.connection.set_method(method.category());
    }

    /// Sets the record that is logged if the guard is dropped without one.
    ///
    /// Use it if cancelling the task is the normal way to stop. It does not apply to a panic, which is logged as
    /// `panicked`. The last call counts.
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
        self.connection.set_on_drop(end);
    }

    /// Returns the current record: what the line would report if it were written now. `None` if no record is set. A
    /// record of [`on_drop`](Self::on_drop) does not count.
    pub fn get(&self) -> Option<Disconnect> {
        self.connection.get()
    }

    /// Writes the line now, and returns the logged record. If the guard is still [`connecting`](Self::connecting), it
    /// writes no line.
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
            if let Ok(end) = self.connection.finish_alone() {
                return end.map_or((), on_end);
            }
        }
        // No lock is held while the closure runs, because it may call the handles.
        let finish = || self.connection.finish(panicking).map_or((), |end| on_end(&end));
        if panicking {
            // A second panic, in the closure or in the user's mapping of reasons, would abort the process. The panic
            // hook has reported it.
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

/// What a connection can be [nested in](DisconnectGuard::under): a guard, a handle, or a [`Shutdown`]. Sealed.
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
        Outer::Connection(self.connection.clone())
    }
}

impl Scope for DisconnectHandle {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn outer(&self, _: Sealed) -> Outer {
        Outer::Connection(self.connection.clone())
    }
}

impl<T> Scope for Shutdown<T> {
    #[allow(private_interfaces, reason = "seals the trait")]
    fn outer(&self, _: Sealed) -> Outer {
        Outer::Shutdown(self.announcement())
    }
}
