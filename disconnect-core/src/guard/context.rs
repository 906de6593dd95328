//! What the line of a connection says beside its end, where that is known only later.

use std::fmt;

use super::DisconnectGuard;
use super::sync::{Arc, Mutex, lock};
use crate::endpoint::Endpoint;
use crate::record::Disconnect;

/// What the closure of a guard logs beside the end, filled in while the connection lives: ids that come with its first
/// message, counts. Made by [`DisconnectGuard::with_context`]; clones share it.
pub struct Context<T>(Arc<Mutex<T>>);

impl<T> Context<T> {
    /// Changes it. The guard waits with its line meanwhile: do not drop the guard in here.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut lock(&self.0))
    }
}

impl<T> Clone for Context<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Without the value, which may be in use.
impl<T> fmt::Debug for Context<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl DisconnectGuard<fn(&Disconnect)> {
    /// A connection that is up, and whose line needs what is not known yet: the closure gets the context as it is then.
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
    /// ids.update(|ids| ids.peer = Some(7)); // the first message says who it is
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
