//! rustls: the peer's `close_notify`, which is a read of zero bytes; an alert, a reset and a bare FIN are errors.
//!
//! For a goodbye that is the last word of the protocol. HTTP/2, WebSocket and SSH have their own, and need it.

use std::io;

use disconnect_core::{Code, Disconnect, DisconnectGuard, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt};

/// An alert. rustls makes an error of an end of file without it.
const CLOSE_NOTIFY: Code = Code::tls(0);

/// Reads a connection to its end.
pub async fn read_to_end(mut stream: impl AsyncRead + Unpin, end: Endpoint) -> Disconnect {
    let guard = DisconnectGuard::new(end, |_| ());
    let ended = guard.handle();
    let read = async |_| -> io::Result<_> {
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(end.received(CLOSE_NOTIFY))
    };
    drop(guard.run(read).await);
    ended.so_far()
}
