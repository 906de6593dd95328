//! hyper over HTTP/1: a goodbye, a FIN between or inside messages, a reset, an idle timeout, on either side.
//!
//! hyper's connection returns `Ok(())` after each of the first three. So a service records `Connection: close` of both
//! sides, and a watched stream sees a reset.

use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, DisconnectCause, DisconnectHandle, Endpoint};
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::io::InspectReader;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub type Body = BoxBody<Bytes, BoxError>;

/// Serves one connection until it ends or `shutdown` completes. Put the guard of a handler under that of the
/// connection, because hyper drops a handler when its client is gone.
pub async fn serve<S, H, F, E>(
    stream: S,
    end: Endpoint,
    ended: &DisconnectHandle,
    patience: Duration,
    shutdown: impl Future<Output = ()>,
    handler: H,
) -> Result<Disconnect, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<Body>, E>>,
    E: Into<BoxError>,
{
    let (read, exchanged) = (&AtomicU64::new(0), &AtomicU64::new(0));
    let goodbye = &OnceLock::new();
    let count = |bytes: &[u8]| {
        read.fetch_add(bytes.len() as u64, Relaxed);
    };
    // hyper hides a reset of an idle connection.
    let stream = InspectReader::new(ended.watch(stream), count);
    let service = service_fn(|request: Request<Incoming>| {
        says_goodbye(request.headers()).then(|| goodbye.set(Side::Remote));
        let response = handler(request);
        async move {
            response.await.inspect(|response| {
                says_goodbye(response.headers()).then(|| goodbye.set(Side::Local));
                exchanged.store(read.load(Relaxed), Relaxed);
            })
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    let builder = builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown => {
            ended.set(end.shutting_down());
            connection.as_mut().graceful_shutdown();
            timeout(patience, connection.as_mut()).await?
        }
    };
    // Recorded before hyper drops the running handlers.
    let read = read.load(Relaxed);
    match (served, goodbye.get()) {
        // No byte since the last exchange: this side closes an idle connection.
        (Err(late), _) if late.is_timeout() && read > 0 && read == exchanged.load(Relaxed) => {
            ended.set(end.closed_locally().with_cause(DisconnectCause::IdleTimeout))
        }
        (Err(error), _) => ended.failed(&error),
        (Ok(()), Some(Side::Remote)) => ended.set(end.closed_by_peer()),
        (Ok(()), Some(_)) => ended.set(end.closed_locally()),
        (Ok(()), None) => ended.set(end.eof()),
    };
    Ok(ended.so_far())
}

/// Sends one request, and waits until the connection ends or its idle timeout expires.
pub async fn fetch(
    mut sender: SendRequest<Body>,
    mut connection: JoinHandle<hyper::Result<()>>,
    request: Request<Body>,
    end: Endpoint,
    ended: &DisconnectHandle,
    patience: Duration,
    idle: Duration,
) -> Result<Disconnect, BoxError> {
    let leaves = says_goodbye(request.headers());
    let exchange = async {
        let response = sender.send_request(request).await?;
        let last = says_goodbye(response.headers()) && is_framed(response.headers());
        response.into_body().collect().await?;
        Ok::<_, hyper::Error>(last)
    };
    match timeout(patience, exchange).await? {
        Ok(true) if leaves => return Ok(end.closed_locally()),
        Ok(true) => return Ok(end.closed_by_peer()),
        // A body that ends with the connection may be truncated. A FIN does not prove that it is complete.
        Ok(false) => match timeout(idle, &mut connection).await {
            Ok(closed) => closed??,
            Err(_) => return Ok(end.closed_locally().with_cause(DisconnectCause::IdleTimeout)),
        },
        // The task of the connection may have a better error.
        Err(error) => {
            ended.failed(&error);
            drop(sender);
            connection.await??;
            return Ok(ended.so_far());
        }
    }
    Ok(end.eof())
}

/// Whether a message is the last one of its connection.
pub fn says_goodbye(headers: &HeaderMap) -> bool {
    headers.get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn is_framed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}
