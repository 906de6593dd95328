//! The natural code of a server.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, Endpoint};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper::header::{CONNECTION, CONTENT_LENGTH};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Body, BoxError, SERVER, SHORT, UpstreamLost, failing, full, says_goodbye};
use crate::line::line;
use crate::loopback::pair;

/// Who said that the exchange under way is the last one.
type Goodbye = Arc<OnceLock<Side>>;

/// Serves one connection until it ends, or until this process is to go away. Tells `busy` of each request.
pub(super) async fn serve(
    tcp: TcpStream,
    patience: Duration,
    busy: &Notify,
    shutdown: impl Future<Output = ()>,
) -> Disconnect {
    let goodbye = Goodbye::default();
    let service = service_fn(|request| {
        busy.notify_one();
        handle(request, goodbye.clone(), patience)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(tcp), service);
    let mut connection = pin!(connection);
    line(SERVER, async |ended| -> Result<_, BoxError> {
        tokio::select! {
            served = connection.as_mut() => served?,
            () = shutdown => {
                ended.set(SERVER.shutting_down());
                connection.as_mut().graceful_shutdown();
                timeout(SHORT, connection).await??;
            }
        }
        Ok(match goodbye.get() {
            Some(Side::Remote) => SERVER.closed_by_peer(),
            Some(_) => SERVER.closed_locally(),
            None => SERVER.eof(),
        })
    })
    .await
}

/// The same without a shutdown.
pub(super) async fn serve_forever(tcp: TcpStream, patience: Duration) -> Disconnect {
    serve(tcp, patience, &Notify::new(), pending()).await
}

/// Whoever spawned the task of a connection: a task without a result has an end as well.
pub(super) async fn supervise(task: JoinHandle<Disconnect>, end: Endpoint) -> Disconnect {
    match task.await {
        Ok(ended) => ended,
        Err(error) => end.failed(&error),
    }
}

async fn handle(request: Request<Incoming>, goodbye: Goodbye, patience: Duration) -> Result<Response<Body>, BoxError> {
    if says_goodbye(request.headers()) {
        // Only the first one counts.
        let _ = goodbye.set(Side::Remote);
    }
    let path = request.uri().path().to_owned();
    timeout(patience, request.into_body().collect()).await??;
    let response = Response::builder();
    Ok(match path.as_str() {
        "/last" => {
            let _ = goodbye.set(Side::Local);
            response.header(CONNECTION, "close").body(full("goodbye"))?
        }
        "/large" => response.body(full(vec![b'x'; 32 << 20]))?,
        "/fails" => response.body(failing(io::Error::other("the disk is gone")))?,
        "/proxy" => response.body(failing(UpstreamLost(io::ErrorKind::ConnectionReset.into())))?,
        "/gateway" => gateway().await?,
        "/short" => response.header(CONTENT_LENGTH, "100").body(failing_early())?,
        "/stalls" => pending::<Result<_, Infallible>>().await?,
        // As a panic, without the hook that prints.
        "/panics" => std::panic::resume_unwind(Box::new("injected")),
        _ => response.body(full("hello"))?,
    })
}

/// Hands a request on, to another server, which cancels it. That is nothing that our client has done.
async fn gateway() -> Result<Response<Body>, BoxError> {
    let (tcp, upstream) = pair().await?;
    tokio::spawn(async move {
        let mut connection = h2::server::handshake(upstream).await?;
        if let Some((_, mut response)) = connection.accept().await.transpose()? {
            response.send_reset(h2::Reason::CANCEL);
        }
        std::future::poll_fn(|context| connection.poll_closed(context)).await
    });
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(Request::get("http://upstream/").body(full(""))?).await?;
    Ok(response.map(|body| body.map_err(Into::into).boxed()))
}

/// A body that is over before its announced length.
fn failing_early() -> Body {
    StreamBody::new(futures_util::stream::iter([Ok(Frame::data("ten bytes!".into()))])).boxed()
}
