//! One run of the workspace, from its start to its stop, and everything that lives in it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use disconnect_core::{Disconnect, Shutdown};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wire::message::Build;

/// The connections that end together.
pub(crate) struct Run {
    /// The end reason of all of them. Their guards are [under](disconnect_core::DisconnectGuard::under) it.
    pub(crate) shutdown: Shutdown<Option<Build>>,
    /// Tells the tasks to close. Cancelled only after the end reason is recorded.
    pub(crate) closing: CancellationToken,
    /// One task for each connection. A task ends after its line is written.
    pub(crate) tasks: TaskTracker,
}

impl Run {
    fn new() -> Self {
        Self { shutdown: Shutdown::default(), closing: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    /// The build that ended this connection, if one did.
    pub(crate) fn build(&self, end: &Disconnect) -> Option<&Build> {
        self.shutdown.context(end).and_then(Option::as_ref)
    }

    /// Closes all connections after the end reason is recorded, and waits for the last line for a limited time.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        let _ = timeout(PATIENCE, self.tasks.wait()).await;
    }
}

/// The maximum time for all connections to end. Each connection also limits the time that it waits for its peer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The current run, or none while the workspace is stopped.
pub(crate) struct Runs {
    current: Mutex<Option<Arc<Run>>>,
}

impl Runs {
    /// The first run begins when the agent starts.
    pub(crate) fn new() -> Self {
        Self { current: Mutex::new(Some(Arc::new(Run::new()))) }
    }

    pub(crate) fn current(&self) -> Option<Arc<Run>> {
        self.lock().clone()
    }

    /// Begins a run: the server accepted the agent, so the workspace is running.
    pub(crate) fn start(&self) -> Arc<Run> {
        self.lock().get_or_insert_with(|| Arc::new(Run::new())).clone()
    }

    /// Ends the current run. No new connection is accepted from here on.
    pub(crate) fn stop(&self) -> Option<Arc<Run>> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Run>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
