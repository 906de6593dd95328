//! russh: a server stops at a failed write, although the client's goodbye may still be unread. So hold the error back
//! with `hold_write_errors`. The session drops the client's code, and its `Ok(())` is not a goodbye.

use std::sync::Arc;

use disconnect_core::{BoxedGuard, Disconnect, DisconnectHandle};
use russh::server::{Config, Handler, run_stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::BoxError;

/// Serves one connection. russh sends the keep-alives: `keepalive_interval` and `keepalive_max`.
pub async fn serve<H: Handler<Error = russh::Error> + Send + 'static>(
    tcp: TcpStream,
    guard: BoxedGuard,
    config: Config,
    leaving: impl Future<Output = ()>,
    handler: H,
) -> Result<Disconnect, BoxError> {
    let silence = config.keepalive_interval.unwrap_or_default() * u32::try_from(config.keepalive_max)?;
    let stream = guard.watch(tcp).silent_after(silence).hold_write_errors();
    guard.run(|ended| session(stream, ended, config, leaving, handler)).await
}

/// Serves until one side ends the connection.
pub async fn session<S, H>(
    stream: S,
    ended: DisconnectHandle,
    config: Config,
    leaving: impl Future<Output = ()>,
    handler: H,
) -> Result<Disconnect, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Handler<Error = russh::Error> + Send + 'static,
{
    let mut session = run_stream(Arc::new(config), stream, handler).await?;
    let handle = session.handle();
    tokio::select! {
        served = &mut session => served?,
        () = leaving => {
            // The guard is under the `Shutdown`, which has the reason.
            handle.disconnect(russh::Disconnect::ByApplication, String::new(), String::new()).await?;
            session.await?;
        }
    }
    // No goodbye. The stream knows the end.
    Ok(ended.so_far())
}
