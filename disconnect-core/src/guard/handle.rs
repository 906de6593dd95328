//! What sets the end of a guarded connection from elsewhere.

use std::fmt;

use super::outcome::SetOutcome;
use super::state::Seat;
use super::transport::Sight;
use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::evidence::AsError;
use crate::record::{Disconnect, SharedTraffic, Traffic};

/// Sets the end of a guarded connection from elsewhere: cheap to clone, and allowed to outlive the guard.
///
/// A handle does not keep the connection open: the line is written when the [guard](super::DisconnectGuard) is dropped.
#[derive(Clone)]
pub struct DisconnectHandle {
    pub(super) seat: Seat,
}

impl DisconnectHandle {
    /// Sets why the connection ends. Say it before closing, not after.
    pub fn set(&self, end: Disconnect) -> SetOutcome {
        self.seat.set(end)
    }

    /// An error ended the connection; see [`DisconnectGuard::failed`](super::DisconnectGuard::failed).
    pub fn failed<M, E: AsError<M> + ?Sized>(&self, error: &E) -> SetOutcome {
        self.seat.failed(error)
    }

    /// Sets which end of which connection this is; see
    /// [`DisconnectGuard::set_endpoint`](super::DisconnectGuard::set_endpoint).
    pub fn set_endpoint(&self, endpoint: Endpoint) {
        self.seat.set_endpoint(endpoint);
    }

    /// Sets over which path the connection runs now; see
    /// [`DisconnectGuard::set_method`](super::DisconnectGuard::set_method).
    pub fn set_method(&self, method: impl slot::Method) {
        self.seat.set_method(method.category());
    }

    /// The connection is up; see [`DisconnectGuard::connecting`](super::DisconnectGuard::connecting).
    pub fn established(&self) {
        self.seat.set_established();
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
        self.seat.get()
    }

    /// The end so far, and `unknown` where nobody has set one: what the body of [`run`](super::DisconnectGuard::run) returns
    /// when its tasks have said it all.
    ///
    /// Better than an end that is made up, such as `closed_locally()`, which would hide that a task forgot to say why.
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
        self.seat.get().unwrap_or_else(|| self.seat.unexplained())
    }

    /// What a watched stream of this connection counts.
    pub(crate) fn new_traffic(&self) -> SharedTraffic {
        self.seat.add_traffic(Traffic::of_stream)
    }

    /// A watched stream saw this, and had not been closed by this side before.
    pub(crate) fn saw(&self, sight: Sight<'_>) {
        self.seat.saw(sight);
    }

    /// The same of one that this side closed before.
    pub(crate) fn saw_after_close(&self, sight: Sight<'_>) {
        self.seat.saw_after_close(sight);
    }
}

impl fmt::Debug for DisconnectHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DisconnectHandle").field(&self.get()).finish()
    }
}
