//! Why a process or a server closes its connections, said once for all of them.

use std::fmt;
use std::sync::OnceLock;

use super::state::{SetOutcome, Shared, State};
use super::sync::Arc;
use crate::record::{Disconnect, Origin};

/// Why this process, or this one server in it, closes its connections.
///
/// Guards [under](super::DisconnectGuard::under) it have it as their end from the moment it is set, all at once and
/// before any of them is closed. A connection that had ended before keeps its own end, by the rules of the guard. Only
/// the first cause counts.
///
/// Clones share the cause. For a whole process, `static SHUTDOWN: LazyLock<Shutdown>`.
///
/// The context `T` carries what belongs to the cause and is logged beside it as ordinary fields:
///
/// ```
/// use disconnect_core::{Disconnect, DisconnectGuard, DisconnectInitiator, DisconnectReason, Endpoint, Shutdown};
///
/// struct Build {
///     id: u64,
///     transition: &'static str,
/// }
///
/// let shutdown = Shutdown::new();
/// let context = shutdown.clone();
/// let guard = DisconnectGuard::new(Endpoint::AGENT_FACING_CLIENT, move |end| {
///     let build: Option<&Build> = context.context(end);
///     assert_eq!(end.reason().as_str(), "workspace_stopped");
///     // Fields that are `None` are absent from the line.
///     # #[cfg(feature = "tracing")]
///     disconnect_core::disconnected!(
///         end,
///         build_id = build.map(|build| build.id),
///         transition = build.map(|build| build.transition),
///         "ssh session closed"
///     );
/// })
/// .under(&shutdown);
///
/// let stopped = Disconnect::new(DisconnectReason::WorkspaceStopped).with_initiator(DisconnectInitiator::Server);
/// shutdown.set_with(stopped, Build { id: 7, transition: "stop" });
/// // Only now is the connection closed.
/// drop(guard);
/// ```
pub struct Shutdown<T = ()> {
    shared: Arc<Shared>,
    context: Arc<OnceLock<T>>,
}

impl Shutdown {
    /// Sets the cause. Say it before the first connection is closed.
    pub fn set(&self, end: Disconnect) -> SetOutcome {
        self.set_with(end, ())
    }
}

impl<T> Shutdown<T> {
    /// No shutdown so far.
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared::new(State::EMPTY, None)), context: Arc::new(OnceLock::new()) }
    }

    /// Sets the cause and what is logged beside it. Say it before the first connection is closed.
    pub fn set_with(&self, end: Disconnect, context: T) -> SetOutcome {
        // A context that comes too late is dropped outside of the lock: what that does is up to the user.
        let mut context = Some(context);
        self.shared.with(|mut state| {
            if state.get().is_some() {
                return SetOutcome::Ignored;
            }
            // Before the cause, so that whoever sees that has the context.
            if let Some(context) = context.take() {
                let _ = self.context.set(context);
            }
            state.set(end.with_origin(Origin::Shutdown))
        })
    }

    /// The cause, once it is set.
    pub fn get(&self) -> Option<Disconnect> {
        self.shared.with(|mut state| state.get().cloned())
    }

    /// What is logged beside this end: the context, where the end is this shutdown, and not one of the connection's own.
    pub fn context(&self, end: &Disconnect) -> Option<&T> {
        self.context.get().filter(|_| end.origin() == Origin::Shutdown)
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }
}

impl<T> Clone for Shutdown<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), context: self.context.clone() }
    }
}

impl<T> Default for Shutdown<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Shutdown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shutdown").field(&self.get()).finish()
    }
}
