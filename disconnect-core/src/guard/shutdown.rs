//! Why a whole server closes its connections.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::outcome::SetOutcome;
use super::sync::{Arc, Mutex, NESTING, lock};
use crate::record::{Detail, Disconnect};
use crate::verdict::{Side, Verdict};

/// Why this process, or this one server in it, closes its connections.
///
/// Guards [under](super::DisconnectGuard::under) it have it as their end from the moment it is set, all at once and
/// before any of them is closed. Each connection resolves it for itself: "this side is going away" is `server_shutdown` on
/// a broker's connections to its clients, and `client_closed` on a bridge where the broker is the client. A connection that
/// had ended before keeps its own end, by the rules of the guard. Only the first call counts.
///
/// A single connection may add its own code or detail: set it on the guard, as in
/// `guard.set(END.sent(Code::websocket(1001)))`.
///
/// Clones share the shutdown. Shutdowns [nest](Self::under): a server's under that of its process. For a whole process,
/// `static SHUTDOWN: LazyLock<Shutdown> = LazyLock::new(Shutdown::new)`.
///
/// This type records why connections end. It wakes no task: use it beside a cancellation token, and call it first.
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
/// The context `T` carries what belongs to the shutdown, and is logged beside it as ordinary fields:
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
/// // Only now is the connection closed.
/// drop(guard);
/// ```
pub struct Shutdown<T = ()> {
    shared: Arc<Announcement>,
    context: Arc<OnceLock<T>>,
}

/// What connections under a shutdown read.
#[derive(Debug)]
pub(super) struct Announcement {
    /// Marks the records that are this shutdown.
    id: u32,
    said: Mutex<Option<Said>>,
    outer: Mutex<Option<Arc<Announcement>>>,
}

/// Why, and whose words these are.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) detail: Option<Detail>,
    pub(super) id: u32,
}

impl Announcement {
    /// What was said here, or else by the nearest shutdown around this one.
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
    /// No shutdown so far. One with a context comes by `Shutdown::<T>::default()`.
    pub fn new() -> Self {
        Self::default()
    }

    /// This process is going away. Say it before the first connection is closed.
    pub fn begin(&self) -> SetOutcome {
        self.set(Verdict::going_away(Side::Local))
    }

    /// Says why, where it is not that this process goes away.
    pub fn set(&self, verdict: Verdict) -> SetOutcome {
        self.announce(verdict, None, ())
    }

    /// The same with free text for the lines.
    pub fn set_detailed(&self, verdict: Verdict, detail: impl Into<Detail>) -> SetOutcome {
        self.announce(verdict, Some(detail.into()), ())
    }
}

impl<T> Shutdown<T> {
    /// Puts this shutdown under another one: what is said there holds here, too, unless something was said here before.
    ///
    /// A call that would put a shutdown under itself changes nothing.
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

    /// Says why, and what is logged beside it. Say it before the first connection is closed.
    pub fn set_with(&self, verdict: Verdict, context: T) -> SetOutcome {
        self.announce(verdict, None, context)
    }

    fn announce(&self, verdict: Verdict, detail: Option<Detail>, context: T) -> SetOutcome {
        // A context that comes too late is dropped outside of the lock: what that does is up to the user.
        let mut context = Some(context);
        if self.shared.said().is_some() {
            return SetOutcome::Ignored;
        }
        let mut said = lock(&self.shared.said);
        if said.is_some() {
            return SetOutcome::Ignored;
        }
        // Before the verdict: a guard that sees the verdict finds the context.
        if let Some(context) = context.take() {
            let _ = self.context.set(context);
        }
        let detail = detail.filter(|detail| !detail.as_str().is_empty());
        *said = Some(Said { verdict, detail, id: self.shared.id });
        SetOutcome::Kept
    }

    /// Why, once it is said here or by a shutdown around this one.
    pub fn get(&self) -> Option<Verdict> {
        self.shared.said().map(|said| said.verdict)
    }

    /// What is logged beside this end: the context, where the end is this shutdown, and neither the connection's own nor
    /// another shutdown's.
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
        // 0 is the mark of no shutdown. A program that makes 2^32 of them may meet an old number again.
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

/// Whether the first one is the other one, or around it.
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
