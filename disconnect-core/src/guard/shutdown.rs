//! `Shutdown`: one end reason for all connections of a server.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::outcome::SetOutcome;
use super::sync::{Arc, Mutex, NESTING, lock};
use crate::record::{Detail, Disconnect};
use crate::verdict::{Side, Verdict};

/// The end reason that a server or process gives to all its connections when it shuts down.
///
/// Put each guard [`under`](super::DisconnectGuard::under) it, and call [`begin`](Self::begin) before you close the
/// first connection. All guards then have this reason at once. Each endpoint resolves it for its own roles: "this side
/// goes away" is `server_shutdown` on a broker's connections to its clients, and `client_closed` on a bridge on which
/// the broker is the client. A connection that ended before keeps its own record, by the [rules of the
/// guard](super::DisconnectGuard#which-record-wins). Only the first call counts.
///
/// A `Shutdown` records why connections end. It does not wake or cancel tasks. Use it together with a cancellation
/// token, and call it first.
///
/// A single connection may add a code or a detail: set it on its guard, as in
/// `guard.set(END.sent(Code::websocket(1001)))`.
///
/// Clones share the shutdown. Shutdowns can be [nested](Self::under), for example that of a server in that of its
/// process. For a whole process use `static SHUTDOWN: LazyLock<Shutdown> = LazyLock::new(Shutdown::new)`.
///
/// ```
/// use disconnect_core::{Category, DisconnectGuard, Endpoint, Shutdown};
///
/// let shutdown = Shutdown::new();
/// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |end| {
///     assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("server_shutdown", Some("server")));
/// })
/// .under(&shutdown);
///
/// shutdown.begin(); // before the first connection is closed
/// drop(guard);
/// ```
///
/// The context `T` holds values of the shutdown that its lines log as ordinary fields:
///
/// ```
/// use disconnect_core::evidence::{Side, Verdict};
/// use disconnect_core::{DisconnectGuard, DisconnectInitiator, DisconnectReason, Endpoint, Shutdown};
///
/// struct Build {
///     id: u64,
///     transition: &'static str,
/// }
///
/// let shutdown = Shutdown::<Build>::default();
/// let context = shutdown.clone();
/// let guard = DisconnectGuard::new(Endpoint::AGENT_FACING_CLIENT, move |end| {
///     let build: Option<&Build> = context.context(end);
///     assert_eq!((end.reason().as_str(), build.unwrap().transition), ("workspace_stopped", "stop"));
///     // Fields that are `None` are absent from the line.
///     # #[cfg(feature = "tracing")]
///     disconnect_core::disconnected!(end, build_id = build.map(|build| build.id), "ssh session closed");
/// })
/// .under(&shutdown);
///
/// let stopped = Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(DisconnectInitiator::Server);
/// shutdown.set_with(stopped, Build { id: 7, transition: "stop" });
/// // Close the connection only now.
/// drop(guard);
/// ```
pub struct Shutdown<T = ()> {
    shared: Arc<Announcement>,
    context: Arc<OnceLock<T>>,
}

/// The part of a shutdown that its connections read.
#[derive(Debug)]
pub(super) struct Announcement {
    /// Identifies the records that this shutdown caused.
    id: u32,
    said: Mutex<Option<Said>>,
    outer: Mutex<Option<Arc<Announcement>>>,
}

/// The reason, and the shutdown that gave it.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) detail: Option<Detail>,
    pub(super) id: u32,
}

impl Announcement {
    /// Returns the reason of this shutdown, or of the nearest outer one that has begun.
    pub(super) fn said(&self) -> Option<Said> {
        let mut said = lock(&self.said).clone();
        let mut outer = lock(&self.outer).clone();
        while let (None, Some(around)) = (&said, outer) {
            said.clone_from(&lock(&around.said));
            let next = lock(&around.outer).clone();
            outer = next;
        }
        said
    }
}

impl Shutdown {
    /// Creates a shutdown that has not begun. To create one with a context, use `Shutdown::<T>::default()`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the shutdown: this process goes away. Call it before the first connection is closed.
    pub fn begin(&self) -> SetOutcome {
        self.set(Verdict::going_away(Side::Local))
    }

    /// Begins the shutdown with another reason than "this process goes away".
    ///
    /// Use it if you know more, such as an error that forces the shutdown. The verdict is resolved by the endpoint of
    /// each connection.
    pub fn set(&self, verdict: Verdict) -> SetOutcome {
        self.announce(verdict, None, ())
    }

    /// Begins the shutdown with a reason and a detail, which appears in the lines.
    pub fn set_detailed(&self, verdict: Verdict, detail: impl Into<Detail>) -> SetOutcome {
        self.announce(verdict, Some(detail.into()), ())
    }
}

impl<T> Shutdown<T> {
    /// Nests this shutdown in another one. If the outer one begins, this one has begun too, unless it began before.
    ///
    /// A call that would nest a shutdown in itself has no effect.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint, Shutdown};
    ///
    /// let process = Shutdown::new();
    /// let server = Shutdown::new().under(&process);
    /// let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |end| {
    ///     assert_eq!(end.reason().as_str(), "server_shutdown");
    /// })
    /// .under(&server);
    ///
    /// process.begin();
    /// drop(guard);
    /// ```
    pub fn under<U>(self, outer: &Shutdown<U>) -> Self {
        let _nesting = lock(&NESTING);
        if !is_around(&self.shared, &outer.shared) {
            *lock(&self.shared.outer) = Some(outer.shared.clone());
        }
        self
    }

    /// Begins the shutdown with a reason and a context. Call it before the first connection is closed.
    ///
    /// Get the context with [`context`](Self::context) in the closure of a guard.
    pub fn set_with(&self, verdict: Verdict, context: T) -> SetOutcome {
        self.announce(verdict, None, context)
    }

    fn announce(&self, verdict: Verdict, detail: Option<Detail>, context: T) -> SetOutcome {
        // The lock is not held while a rejected context is dropped, because its `Drop` may run any code.
        let mut context = Some(context);
        if self.shared.said().is_some() {
            return SetOutcome::Ignored;
        }
        let mut said = lock(&self.shared.said);
        if said.is_some() {
            return SetOutcome::Ignored;
        }
        // The context is set before the verdict, so that a guard that reads the verdict also finds the context.
        if let Some(context) = context.take() {
            let _ = self.context.set(context);
        }
        let detail = detail.filter(|detail| !detail.as_str().is_empty());
        *said = Some(Said { verdict, detail, id: self.shared.id });
        SetOutcome::Kept
    }

    /// Returns the reason, if this shutdown or an outer one has begun.
    pub fn get(&self) -> Option<Verdict> {
        self.shared.said().map(|said| said.verdict)
    }

    /// Returns the context if this shutdown caused the record.
    ///
    /// `None` if the record is the connection's own or that of another shutdown.
    pub fn context(&self, end: &Disconnect) -> Option<&T> {
        self.context.get().filter(|_| end.shutdown() == self.shared.id)
    }

    pub(super) fn announcement(&self) -> Arc<Announcement> {
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
        static NEXT: AtomicU32 = AtomicU32::new(1);
        // 0 marks records without a shutdown. After 2^32 shutdowns, a program reuses numbers.
        let id = NEXT.fetch_add(1, Ordering::Relaxed).max(1);
        let shared = Announcement { id, said: Mutex::new(None), outer: Mutex::new(None) };
        Self { shared: Arc::new(shared), context: Arc::new(OnceLock::new()) }
    }
}

impl<T> fmt::Debug for Shutdown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shutdown").field(&self.get()).finish()
    }
}

/// Whether `shutdown` is `other` or one of its outer shutdowns.
fn is_around(shutdown: &Arc<Announcement>, other: &Arc<Announcement>) -> bool {
    let mut next = Some(other.clone());
    while let Some(around) = next {
        if Arc::ptr_eq(&around, shutdown) {
            return true;
        }
        let outer = lock(&around.outer).clone();
        next = outer;
    }
    false
}
