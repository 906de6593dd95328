//! rustls: watch the stream below TLS for a failed handshake, and the stream above for everything else. A read of zero
//! bytes above is the peer's `close_notify`; a FIN without it is an error.

use std::io;
use std::time::Duration;

use disconnect_core::{BoxedGuard, Code, Disconnect, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::BoxError;

/// The alert. rustls returns an error for an end of file without it.
const CLOSE_NOTIFY: Code = Code::tls(0);

/// Serves one connection.
pub async fn serve(
    tcp: TcpStream,
    guard: BoxedGuard,
    acceptor: TlsAcceptor,
    (end, patience): (Endpoint, Duration),
    leaving: impl Future<Output = ()>,
    got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let below = guard.watch(tcp).below_tls();
    let accepting = acceptor.accept(below);
    guard
        .run(async |ended| -> Result<_, BoxError> {
            let above = ended.watch(accepting.await?).above_tls().silent_after(patience);
            echo(above, (end, patience), leaving, got).await
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
                0 => return Ok::<_, BoxError>(end.received(CLOSE_NOTIFY)),
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
    // The guard is under the `Shutdown`, which has the reason. Dropping a TLS stream sends no goodbye.
    let said: io::Result<()> = stream.shutdown().await;
    said?;
    Ok(end.shutting_down())
}
