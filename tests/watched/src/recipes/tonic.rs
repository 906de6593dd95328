//! tonic: servers own their streams and clients make them, and neither reports how a connection ends. Pass in a watched
//! stream: to a server with `Connected`, to a client with a connector.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use disconnect_core::evidence::grpc_timeout;
use disconnect_core::{BoxedGuard, DisconnectHandle, Watched};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::Request;
use tonic::transport::Channel;
use tonic::transport::server::Connected;

/// A stream for `Server::serve_with_incoming`. Its line is logged when tonic drops it.
pub struct Connection<S> {
    pub stream: S,
    pub ended: DisconnectHandle,
}

/// Watches a stream that a server has accepted. `keepalive` is the timeout of `http2_keepalive_timeout`.
pub fn accepted<S>(stream: S, guard: BoxedGuard, keepalive: Duration) -> Connection<Watched<S>> {
    let ended = guard.handle();
    Connection { stream: guard.watch(stream).silent_after(keepalive).with_guard(guard), ended }
}

/// Gives calls the handle of their connection. [`of_call`] puts the guard of a call under it, so that a call takes the end of
/// its connection.
impl<S> Connected for Connection<S> {
    type ConnectInfo = DisconnectHandle;

    fn connect_info(&self) -> DisconnectHandle {
        self.ended.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The guard of a call. A client whose deadline passes cancels its call, and tonic's `message()` returns `Ok(None)`, as at the
/// end of the requests; or tonic drops the handler first. Only the request has the deadline.
pub fn of_call<T>(request: &Request<T>, guard: BoxedGuard) -> BoxedGuard {
    let guard = guard.within(grpc_timeout(request.metadata().get("grpc-timeout")));
    match request.extensions().get::<DisconnectHandle>() {
        Some(connection) => guard.under(connection),
        None => guard,
    }
}

/// A client's channel over one connection, whose end the handle receives. `silent_after` takes the timeout of
/// `Endpoint::keep_alive_timeout`.
pub async fn dialled<S>(
    stream: S,
    ended: &DisconnectHandle,
    endpoint: tonic::transport::Endpoint,
    keepalive: Duration,
) -> Result<Channel, tonic::transport::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    channel(ended.watch(stream).silent_after(keepalive), endpoint).await
}

/// The same on any stream. A second connection attempt fails, because every connection needs its own guard.
pub async fn channel<S>(stream: S, endpoint: tonic::transport::Endpoint) -> Result<Channel, tonic::transport::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = Some(stream);
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().map(TokioIo::new);
        async { stream.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionRefused)) }
    });
    endpoint.connect_with_connector(connector).await
}
