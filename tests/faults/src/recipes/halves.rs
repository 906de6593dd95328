//! A connection whose halves have one task each: which of the two determines the end.
//!
//! A write often fails because of something that is still unread: a goodbye or an alert.

use std::io;

use disconnect_core::{Disconnect, DisconnectGuard, Endpoint};

/// Reads and writes until both have ended. The end of the reader replaces a failed write, in any order.
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
