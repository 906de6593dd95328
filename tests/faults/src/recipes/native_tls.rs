//! native-tls: alerts and refusals by their error. A goodbye looks like a bare FIN, so neither is a normal end.
//!
//! On Linux native-tls uses OpenSSL. The reader of the recipe `openssl` understands its errors.

use std::error::Error;
use std::io;

use disconnect_core::evidence::{Reading, Side, Verdict};
use disconnect_core::{Disconnect, DisconnectCause, DisconnectGuard, DisconnectReason, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt};

/// For `classifier![reader = native_tls::reader, reader = openssl::reader]`.
pub fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    match error.downcast_ref::<native_tls::Error>() {
        // An end of file in a handshake has no inner error, only this text.
        Some(error) if error.source().is_none() && error.to_string() == "unexpected EOF" => Reading::verdict(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::UncleanEof),
        ),
        _ => Reading::NOTHING,
    }
}

/// Reads a connection to its end. If the protocol has no goodbye of its own, declare `fin_is_goodbye` for the endpoint.
pub async fn read_to_end(mut stream: impl AsyncRead + Unpin, end: Endpoint) -> Disconnect {
    let guard = DisconnectGuard::new(end, |_| ());
    let ended = guard.handle();
    let read = async |_| -> io::Result<_> {
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(end.eof())
    };
    drop(guard.run(read).await);
    ended.so_far()
}
