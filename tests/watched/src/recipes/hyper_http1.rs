//! hyper 1 over HTTP/1.1: its connection returns `Ok(())` after a goodbye, a FIN and a reset. The stream distinguishes
//! a FIN from a reset. The goodbye is a header, which the stream does not see.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::{BoxedGuard, Disconnect, DisconnectHandle};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::BoxError;

/// Serves one connection. Silence is not measured: HTTP/1.1 has no ping, so a silent client may be healthy.
pub async fn serve<V>(
    tcp: TcpStream,
    guard: BoxedGuard,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    service: V,
) -> Result<Disconnect, BoxError>
where
    V: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = BoxError>,
{
    let stream = guard.watch(tcp);
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
    S: AsyncRead + AsyncWrite + Unpin,
    V: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = BoxError>,
{
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
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
