//! hyper over HTTP/1.1: its connection ends in `Ok(())` after a goodbye, a FIN and a reset, so what else was seen decides.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
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

use super::noted::Note;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub type Body = BoxBody<Bytes, BoxError>;

/// Serves one connection until it ends or `shutdown` is done. Put the guard of a handler under that of the connection: hyper
/// drops a handler whose client is gone.
pub async fn serve<S, H, F, E>(
    stream: S,
    (end, ended): (Endpoint, &DisconnectHandle),
    (patience, shutdown): (Duration, impl Future<Output = ()>),
    handler: H,
) -> Result<Disconnect, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<Body>, E>>,
    E: Into<BoxError>,
{
    let note = Note::default();
    let exchanged = Arc::new(AtomicU64::new(0));
    let goodbye = Arc::new(OnceLock::new());
    let service = service_fn(|request: Request<Incoming>| {
        says_goodbye(request.headers()).then(|| goodbye.set(Side::Remote));
        let response = handler(request);
        let (note, exchanged, goodbye) = (note.clone(), exchanged.clone(), goodbye.clone());
        async move {
            response.await.inspect(|response| {
                says_goodbye(response.headers()).then(|| goodbye.set(Side::Local));
                exchanged.store(note.bytes(), Relaxed);
            })
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    let builder = builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(note.of(stream)), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown => {
            ended.set(end.shutting_down());
            connection.as_mut().graceful_shutdown();
            timeout(patience, connection.as_mut()).await?
        }
    };
    // Set before hyper drops the handlers that are under way.
    match (served, goodbye.get(), note.error()) {
        // Not a byte since the last exchange: this side closes an idle connection.
        (Err(late), ..) if late.is_timeout() && note.bytes() > 0 && note.bytes() == exchanged.load(Relaxed) => {
            ended.set(end.closed_locally().with_cause(DisconnectCause::IdleTimeout))
        }
        (Err(error), ..) => ended.failed(&error),
        (Ok(()), Some(Side::Remote), _) => ended.set(end.closed_by_peer()),
        (Ok(()), Some(_), _) => ended.set(end.closed_locally()),
        (Ok(()), None, Some(error)) => ended.failed(&error),
        (Ok(()), None, None) => ended.set(end.eof()),
    };
    Ok(ended.so_far())
}

/// One request, and then the wait until the connection ends, or has been idle for too long.
pub async fn fetch(
    mut sender: SendRequest<Body>,
    mut connection: JoinHandle<hyper::Result<()>>,
    request: Request<Body>,
    (end, ended): (Endpoint, &DisconnectHandle),
    (patience, idle): (Duration, Duration),
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
        // A body that ends with the connection may as well be half of one: then, too, a FIN proves nothing.
        Ok(false) => match timeout(idle, &mut connection).await {
            Ok(closed) => closed??,
            Err(_) => return Ok(end.closed_locally().with_cause(DisconnectCause::IdleTimeout)),
        },
        // The task of the connection may know more.
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
