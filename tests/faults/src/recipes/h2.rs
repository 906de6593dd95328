//! h2: whether a stream was completed, reset or lost with its connection, and whether the connection ended with a
//! `GOAWAY`.
//!
//! The error of a stream often shows only that the stream broke. A client also checks `ready()`, the connection's
//! future and the transport. A server also checks `poll_reset()` and the recorded `GOAWAY` (recipe `goaway`), because
//! `accept()` returns `None` both after a goodbye and after a bare FIN.

use std::error::Error;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{
    Classifier, Code, Disconnect, DisconnectGuard, DisconnectHandle, DisconnectReason, Endpoint, Watched, classifier,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use h2::client::SendRequest;
use h2::{Reason, SendStream};
use tokio::task::JoinHandle;

use super::goaway::GoAway;

pub static CLASSIFIER: Classifier = classifier![h2 = h2, rustls = tokio_rustls::rustls, tokio = tokio];

/// What the stream below h2 saw. h2 turns its errors into text, including TLS alerts.
pub type Transport = Arc<DisconnectGuard<fn(&Disconnect)>>;

/// Makes a stream for h2.
pub fn watched<S>(stream: S, end: Endpoint) -> (Watched<S>, Transport) {
    let writes_no_line: fn(&Disconnect) = |_| ();
    let guard = DisconnectGuard::new(end.with_classifier(&CLASSIFIER), writes_no_line);
    (guard.watch(stream), Arc::new(guard))
}

/// The result of a connection's future, shared by its streams. `None` is `Ok`, which does not prove a goodbye.
pub type Connection = Shared<BoxFuture<'static, Option<Verdict>>>;

/// Takes the task that runs the future.
pub fn connection<E: Error + Send + Sync + 'static>(
    task: JoinHandle<Result<(), E>>,
    classifier: &'static Classifier,
) -> Connection {
    let said = task.map(|ended| match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(classifier.verdict(&error)),
        Err(error) => Some(classifier.verdict(&error)),
    });
    said.boxed().shared()
}

/// The end of a client's stream that ended with an error or with `END_STREAM`. `transport` comes from [`watched`].
pub async fn stream_ended(
    stream: Result<(), h2::Error>,
    requests: SendRequest<Bytes>,
    connection: Connection,
    transport: &Transport,
    end: Endpoint,
    ended: &DisconnectHandle,
) -> Disconnect {
    transport.get().map(|seen| ended.set(seen));
    if let Err(error) = &stream {
        ended.failed(error);
    }
    // Only this reports a `GOAWAY` with `NO_ERROR`. Without an error, the connection is still alive.
    if let Err(error) = requests.ready().await {
        ended.failed(&error);
        connection.await.map(|said| ended.set(end.resolve(said)));
    }
    if stream.is_ok() {
        ended.set(end.closed_by_peer());
    }
    ended.so_far()
}

/// The end of a client's connection without open streams.
pub async fn idle_ended(
    requests: SendRequest<Bytes>,
    connection: Connection,
    end: Endpoint,
    ended: &DisconnectHandle,
) -> Disconnect {
    connection.await.map(|said| ended.set(end.resolve(said)));
    match requests.ready().await {
        Err(error) => ended.failed(&error),
        Ok(_) => ended.set(end.eof()),
    };
    ended.so_far()
}

/// The end of a server's connection whose `accept()` returned `None`.
pub fn accepted_all(goaway: &GoAway, end: Endpoint) -> Disconnect {
    goaway.verdict().map_or(end.eof(), |said| end.resolve(said))
}

/// Waits until the client resets the stream. Returns `None` if the stream ended with its connection; then the end of
/// the connection applies.
pub async fn reset(stream: &mut SendStream<Bytes>) -> Option<Verdict> {
    match poll_fn(|context| stream.poll_reset(context)).await.ok()? {
        // NO_ERROR is a goodbye only in a `GOAWAY`. A reset cuts the stream short and does not say why.
        Reason::NO_ERROR => Some(Verdict::new(DisconnectReason::Unknown, Side::Remote).with_rank(Rank::FollowOn)),
        code => Some(Code::http2(code.into()).received()),
    }
}
