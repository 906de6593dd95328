//! h2: `accept()` returns `None` both after a `GOAWAY` and after a bare FIN, and you set the timeout for an unanswered
//! ping. The stream distinguishes a FIN from silence. No event of h2 shows the goodbye of the client.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{BoxedGuard, Disconnect, DisconnectHandle};
use futures_util::FutureExt;
use h2::server::SendResponse;
use h2::{Ping, PingPong, RecvStream};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::BoxError;

/// Serves one connection and pings its client.
pub async fn serve(
    tcp: TcpStream,
    guard: BoxedGuard,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    handle: impl FnMut(Request<RecvStream>, SendResponse<Bytes>),
) -> Result<Disconnect, BoxError> {
    let stream = guard.watch(tcp).silent_after(patience);
    guard.run(|ended| requests(stream, ended, patience, leaving, handle)).await
}

/// Accepts requests until one side ends the connection.
pub async fn requests<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    ended: DisconnectHandle,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    mut handle: impl FnMut(Request<RecvStream>, SendResponse<Bytes>),
) -> Result<Disconnect, BoxError> {
    let mut connection = h2::server::handshake(stream).await?;
    let pings = connection.ping_pong().ok_or("h2 hands out its pings once")?;
    let mut alive = pin!(keep_alive(pings, patience));
    let mut leaving = pin!(leaving.fuse());
    loop {
        tokio::select! {
            request = connection.accept() => match request.transpose()? {
                Some((request, respond)) => handle(request, respond),
                // No goodbye. The stream knows the end.
                None => return Ok(ended.so_far()),
            },
            silent = &mut alive => match silent? {},
            // The guard is under the `Shutdown`, which has the reason.
            () = &mut leaving => connection.graceful_shutdown(),
        }
    }
}

async fn keep_alive(mut pings: PingPong, patience: Duration) -> Result<Infallible, BoxError> {
    loop {
        timeout(patience, pings.ping(Ping::opaque())).await??;
        sleep(patience).await;
    }
}
