//! hyper-util's auto builder: it selects HTTP/1.1 or HTTP/2 by the first bytes. Over HTTP/2 hyper pings its client, and
//! the stream sees that no answer comes.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{BoxedGuard, Disconnect, DisconnectHandle};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::BoxError;

/// Serves one connection.
pub async fn serve<V>(
    tcp: TcpStream,
    guard: BoxedGuard,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    service: V,
) -> Result<Disconnect, BoxError>
where
    V: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = BoxError>,
    V::Future: Send + 'static,
{
    let stream = guard.watch(tcp).silent_after(patience);
    guard.run(|ended| connection(stream, ended, patience, leaving, service)).await
}

/// Answers requests until one side ends the connection.
pub async fn connection<S, V>(
    stream: S,
    ended: DisconnectHandle,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    service: V,
) -> Result<Disconnect, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    V: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = BoxError>,
    V::Future: Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(patience).keep_alive_timeout(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        served = connection.as_mut() => served?,
        () = leaving => {
            // The guard is under the `Shutdown`, which has the reason.
            connection.as_mut().graceful_shutdown();
            connection.await?;
        }
    }
    // No goodbye. The stream knows the end.
    Ok(ended.so_far())
}
