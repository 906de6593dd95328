//! A stream with a task for each half: a write that fails may only follow from what there is to read, a goodbye or an alert.

use std::convert::Infallible;
use std::io;

use disconnect_core::{Disconnect, DisconnectGuard, Endpoint};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Writes without a pause while somebody else reads, and gives the end that explains the other.
pub async fn write_beside(
    reading: impl Future<Output = Disconnect>,
    mut write: impl AsyncWrite + Unpin,
    end: Endpoint,
) -> Disconnect {
    let guard = DisconnectGuard::new(end, |_| ());
    let writing = async {
        loop {
            write.write_all(b"more").await?;
            write.flush().await?;
        }
    };
    let written = async {
        let result: io::Result<Infallible> = writing.await;
        result.map_err(|error| guard.failed(&error))
    };
    let read = async { guard.set(reading.await) };
    drop(tokio::join!(read, written));
    guard.finish()
}
