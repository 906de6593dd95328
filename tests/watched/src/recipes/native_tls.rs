//! native-tls: a read of zero bytes is either the peer's `close_notify` or a FIN without it, and native-tls does not
//! distinguish them. So watch only the stream below, and never use `above_tls`: it would turn every FIN into a goodbye.

use std::time::Duration;

use disconnect_core::{BoxedGuard, Disconnect, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_native_tls::TlsAcceptor;

use super::BoxError;

/// Serves one connection. The byte counts of its line include TLS.
pub async fn serve(
    tcp: TcpStream,
    guard: BoxedGuard,
    acceptor: TlsAcceptor,
    (end, patience): (Endpoint, Duration),
    leaving: impl Future<Output = ()>,
    got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let below = guard.watch(tcp).silent_after(patience);
    guard
        .run(async |_| -> Result<_, BoxError> {
            echo(acceptor.accept(below).await?, (end, patience), leaving, got).await
        })
        .await
}

/// Echoes bytes until one side ends the connection.
pub async fn echo<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    (end, patience): (Endpoint, Duration),
    leaving: impl Future<Output = ()>,
    mut got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let mut buffer = [0; 1024];
    let echo = async {
        loop {
            match timeout(patience, stream.read(&mut buffer)).await?? {
                // With or without `close_notify`. If your own protocol has no goodbye, declare `fin_is_goodbye`.
                0 => return Ok::<_, BoxError>(end.eof()),
                read => {
                    got();
                    stream.write_all(&buffer[..read]).await?;
                    stream.flush().await?;
                }
            }
        }
    };
    tokio::select! {
        end = echo => return end,
        () = leaving => {}
    }
    // The guard is under the `Shutdown`, which has the reason.
    stream.shutdown().await?;
    Ok(end.shutting_down())
}
