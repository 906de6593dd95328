//! A server and its handlers.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::pending;
use std::io;
use std::time::Duration;

use disconnect_core::{Disconnect, DisconnectGuard, Endpoint};
use futures_util::FutureExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper::header::{CONNECTION, CONTENT_LENGTH};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::{Body, BoxError, SERVER, UpstreamLost, failing, full};
use crate::line::line;
use crate::loopback::{Recorded, pair};
use crate::recipes::hyper_http1 as recipe;

/// Serves one connection until it ends or this process shuts down. Notifies `busy` of each request.
pub(super) async fn serve(
    tcp: TcpStream,
    patience: Duration,
    busy: &Notify,
    shutdown: impl Future<Output = ()>,
) -> Disconnect {
    line(SERVER, async |ended| {
        let handler = |request| {
            busy.notify_one();
            handle(request, patience)
        };
        recipe::serve(tcp, SERVER, &ended, patience, shutdown, handler).await
    })
    .await
}

/// The same without a shutdown.
pub(super) async fn serve_forever(tcp: TcpStream, patience: Duration) -> Disconnect {
    serve_at(tcp, SERVER, patience).await.0
}

/// The same for another endpoint. Also returns what hyper read.
pub(super) async fn serve_at(tcp: TcpStream, end: Endpoint, patience: Duration) -> (Disconnect, String) {
    let (tcp, record) = Recorded::new(tcp);
    let served = line(end, async |ended| {
        recipe::serve(tcp, end, &ended, patience, pending(), |request| handle(request, patience)).await
    });
    (served.await, record.text())
}

/// The line of a handler that does not complete. Its guard is under that of its connection.
pub(super) async fn serve_with_guards(tcp: TcpStream) -> Result<Disconnect, BoxError> {
    let connection = DisconnectGuard::new(SERVER, |_| ());
    let ended = connection.handle();
    let (told, mut handled) = mpsc::unbounded_channel();
    let stalling = |_request| {
        let told = told.clone();
        let guard = DisconnectGuard::new(SERVER, move |end| drop(told.send(end.clone()))).under(&ended);
        guard
            .run(|_| pending::<Result<Disconnect, Infallible>>())
            .map(|_| Err::<Response<Body>, _>(Failed("ended".into())))
    };
    drop(connection.run(|_| recipe::serve(tcp, SERVER, &ended, super::LONG, pending(), stalling)).await);
    Ok(handled.recv().await.ok_or("there was no handler")?)
}

/// The error of a handler. (With a boxed error, the connection's future would not be `Send`.)
#[derive(Debug)]
struct Failed(BoxError);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler failed")
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

async fn handle(request: Request<Incoming>, patience: Duration) -> Result<Response<Body>, Failed> {
    answer(request, patience).await.map_err(Failed)
}

async fn answer(request: Request<Incoming>, patience: Duration) -> Result<Response<Body>, BoxError> {
    let path = request.uri().path().to_owned();
    timeout(patience, request.into_body().collect()).await??;
    let response = Response::builder();
    Ok(match path.as_str() {
        "/last" => response.header(CONNECTION, "close").body(full("goodbye"))?,
        "/large" => response.body(full(vec![b'x'; 32 << 20]))?,
        "/fails" => response.body(failing(io::Error::other("the disk is gone")))?,
        "/proxy" => response.body(failing(UpstreamLost(io::ErrorKind::ConnectionReset.into())))?,
        "/gateway" => gateway().await?,
        "/short" => response.header(CONTENT_LENGTH, "100").body(failing_early())?,
        "/stalls" => pending::<Result<_, Infallible>>().await?,
        // A panic without the hook that prints.
        "/panics" => std::panic::resume_unwind(Box::new("injected")),
        _ => response.body(full("hello"))?,
    })
}

/// Forwards a request to another server, which cancels it. The client did nothing wrong.
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

/// A body that ends before its announced length.
fn failing_early() -> Body {
    StreamBody::new(futures_util::stream::iter([Ok(Frame::data("ten bytes!".into()))])).boxed()
}
