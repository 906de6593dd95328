//! A connection whose halves have a task each: which of the two says why it ended.
//!
//! A write often fails only because of what there is to read, a goodbye or an alert.

use std::io;

use disconnect_core::{Disconnect, DisconnectGuard, Endpoint};

/// Reads and writes until both have ended. What was read explains a write that failed, in whatever order the two come.
pub async fn both(
    reading: impl Future<Output = Disconnect>,
    writing: impl Future<Output = io::Result<()>>,
    end: Endpoint,
) -> Disconnect {
    let guard = DisconnectGuard::new(end, |_| ());
    let read = async { guard.set(reading.await) };
    let written = async { writing.await.map_err(|error| guard.failed(&error)) };
    drop(tokio::join!(read, written));
    guard.finish()
}
