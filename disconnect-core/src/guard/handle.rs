//! `DisconnectHandle`: records the end of a connection from another task.

use std::fmt;

use super::outcome::SetOutcome;
use super::state::ConnectionRef;
use super::transport::Sight;
use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::evidence::AsError;
use crate::record::{Disconnect, SharedTraffic, Traffic};

/// Records the end of a connection from another task.
///
/// [`DisconnectGuard::handle`](super::DisconnectGuard::handle) creates it. It is cheap to clone, and may outlive the
/// guard. It does not keep the connection open: the guard writes the line when the guard is dropped.
///
/// ```
/// use std::thread;
/// use disconnect_core::{DisconnectGuard, Endpoint};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// let guard = DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "client_closed"));
/// let ended = guard.handle();
/// let reader = thread::spawn(move || ended.set(END.closed_by_peer()));
/// reader.join().unwrap();
/// drop(guard);
/// ```
#[derive(Clone)]
pub struct DisconnectHandle {
    pub(super) connection: ConnectionRef,
}

impl DisconnectHandle {
    /// Records why the connection ends. Call it before closing, not after. See
    /// [`DisconnectGuard::set`](super::DisconnectGuard::set).
    pub fn set(&self, end: Disconnect) -> SetOutcome {
        self.connection.set(end)
    }

    /// Records that an error ended the connection. See [`DisconnectGuard::failed`](super::DisconnectGuard::failed).
    pub fn failed<M, E: AsError<M> + ?Sized>(&self, error: &E) -> SetOutcome {
        self.connection.failed(error)
    }

    /// Replaces the endpoint. See [`DisconnectGuard::set_endpoint`](super::DisconnectGuard::set_endpoint).
    pub fn set_endpoint(&self, endpoint: Endpoint) {
        self.connection.set_endpoint(endpoint);
    }

    /// Sets the path that the connection uses now. See
    /// [`DisconnectGuard::set_method`](super::DisconnectGuard::set_method).
    pub fn set_method(&self, method: impl slot::Method) {
        self.connection.set_method(method.category());
    }

    /// Marks the connection as established. See [`DisconnectGuard::connecting`](super::DisconnectGuard::connecting).
    pub fn established(&self) {
        self.connection.set_established();
    }

    /// Returns the current record, or the logged one if the guard is dropped. `None` if no record is set.
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
        self.connection.get()
    }

    /// Returns the current record, or an unexpected `unknown` if no record is set.
    ///
    /// Return it from the body of [`run`](super::DisconnectGuard::run) if the tasks of the connection record its end.
    /// Do not return a made-up record instead, such as `closed_locally()`: it would hide that a task did not record why
    /// it ended.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// let guard = DisconnectGuard::new(END, |end| assert!(!end.expected()));
    /// let end = guard.run_blocking(|ended| Ok::<_, Infallible>(ended.so_far()))?; // no task has set an end
    /// assert_eq!(end.reason().as_str(), "unknown");
    /// # Ok::<(), Infallible>(())
    /// ```
    pub fn so_far(&self) -> Disconnect {
        self.connection.get().unwrap_or_else(|| self.connection.unexplained())
    }

    /// Creates the byte counters of a watched stream.
    pub(crate) fn new_traffic(&self) -> SharedTraffic {
        self.connection.add_traffic(Traffic::of_stream)
    }

    /// Reports an observation of a watched stream that this side has not closed.
    pub(crate) fn saw(&self, sight: Sight<'_>) {
        self.connection.saw(sight);
    }

    /// Reports an observation of a watched stream that this side has closed.
    pub(crate) fn saw_after_close(&self, sight: Sight<'_>) {
        self.connection.saw_after_close(sight);
    }
}

impl fmt::Debug for DisconnectHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DisconnectHandle").field(&self.get()).finish()
    }
}
