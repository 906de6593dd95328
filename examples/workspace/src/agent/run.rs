//! One run of the workspace, from its start to its stop, and everything that lives in it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use disconnect_core::{Disconnect, Shutdown};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wire::message::Build;

/// Everything that ends together.
pub(crate) struct Run {
    /// Why all of it ends: connections are [under](disconnect_core::DisconnectGuard::under) it.
    pub(crate) shutdown: Shutdown<Option<Build>>,
    /// Close now. Cancelled after it is said why.
    pub(crate) closing: CancellationToken,
    /// One task for each connection, which ends after its line is written.
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

    /// Closes everything, once it is said why, and waits until the last line is written, but not for ever.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        let _ = timeout(PATIENCE, self.tasks.wait()).await;
    }
}

/// How long connections may take to end. Each of them bounds by itself what its peer has a hand in.
const PATIENCE: Duration = Duration::from_secs(10);

/// The run that there is, while the workspace is not stopped.
pub(crate) struct Runs {
    current: Mutex<Option<Arc<Run>>>,
}

impl Runs {
    /// The agent's own start is that of its workspace.
    pub(crate) fn new() -> Self {
        Self { current: Mutex::new(Some(Arc::new(Run::new()))) }
    }

    pub(crate) fn current(&self) -> Option<Arc<Run>> {
        self.lock().clone()
    }

    /// The server lets the agent in: the workspace runs.
    pub(crate) fn start(&self) -> Arc<Run> {
        self.lock().get_or_insert_with(|| Arc::new(Run::new())).clone()
    }

    /// Nothing new begins from here on.
    pub(crate) fn stop(&self) -> Option<Arc<Run>> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Run>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
