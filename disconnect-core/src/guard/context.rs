//! `Context`: values for the line of a connection that are known only after its guard was created.

use std::fmt;

use super::DisconnectGuard;
use super::sync::{Arc, Mutex, lock};
use crate::endpoint::Endpoint;
use crate::record::Disconnect;

/// Values that the closure of a guard logs beside the record, such as ids from the first message, or counts.
///
/// [`DisconnectGuard::with_context`] creates it together with the guard. Clones share the values. If the values are
/// known when you create the guard, capture them in the closure of [`DisconnectGuard::new`] instead.
pub struct Context<T>(Arc<Mutex<T>>);

impl<T> Context<T> {
    /// Changes the values.
    ///
    /// Do not drop the guard inside `change`: its closure needs the values, so that would deadlock.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut lock(&self.0))
    }
}

impl<T> Clone for Context<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Without the values, which may be locked.
impl<T> fmt::Debug for Context<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl DisconnectGuard<fn(&Disconnect)> {
    /// Creates a guard for an established connection, and a [`Context`] whose values its closure gets.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// #[derive(Default)]
    /// struct Ids {
    ///     peer: Option<u64>,
    /// }
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// let (guard, ids) = DisconnectGuard::with_context(END, Ids::default(), |end, ids| {
    ///     assert_eq!(ids.peer, Some(7));
    ///     # #[cfg(feature = "tracing")]
    ///     disconnect_core::disconnected!(end, peer_id = ids.peer, "session closed");
    /// });
    /// ids.update(|ids| ids.peer = Some(7)); // the first message has the id
    /// guard.set(END.closed_by_peer());
    /// ```
    pub fn with_context<T>(
        endpoint: Endpoint,
        context: T,
        on_end: impl FnOnce(&Disconnect, &T),
    ) -> (DisconnectGuard<impl FnOnce(&Disconnect)>, Context<T>) {
        let context = Context(Arc::new(Mutex::new(context)));
        let shared = context.clone();
        let guard = DisconnectGuard::new(endpoint, move |end: &Disconnect| on_end(end, &lock(&shared.0)));
        (guard, context)
    }
}
