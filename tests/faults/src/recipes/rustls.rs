//! rustls: the peer's `close_notify` is a read of zero bytes; an alert, a reset and a bare FIN are errors.
//!
//! Only for protocols whose goodbye is `close_notify`. HTTP/2, WebSocket and SSH have their own goodbye and need it.

use std::io;

use disconnect_core::{Code, Disconnect, DisconnectGuard, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The alert. rustls returns an error for an end of file without it.
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
