//! hyper over HTTP/2: whether a request was completed, reset, dropped by a panic, or lost with its connection.
//!
//! A body reports the end of its stream, the connection's future (recipe `h2`) an error, and the recorded `GOAWAY`
//! (recipe `goaway`) the goodbye. hyper drops a handler before the connection reports its end, so the guard of a
//! request outlives its handler.

use std::time::Duration;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{
    BoxedGuard, Classifier, Disconnect, DisconnectCause, DisconnectHandle, DisconnectReason, Endpoint, classifier,
};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::goaway::GoAway;
use super::h2::Connection;

pub static CLASSIFIER: Classifier = classifier![h2 = h2, hyper = hyper, tokio = tokio];

/// How long to wait for the connection to report why a stream broke. After that, the connection counts as alive.
const MOMENT: Duration = Duration::from_secs(1);

/// Reads a body to its end.
pub async fn body_ended(mut body: Incoming) -> Verdict {
    loop {
        match body.frame().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => return CLASSIFIER.verdict(&error),
            None if body.is_end_stream() => return Verdict::closed(Side::Remote),
            // hyper also ends a body for RST_STREAM with NO_ERROR, which completes nothing.
            None => return Verdict::new(DisconnectReason::Unknown, Side::Remote).with_rank(Rank::FollowOn),
        }
    }
}

/// The end of a stream, at a client or a server: its own, or that of the connection that it was lost with.
pub async fn stream_ended(stream: Verdict, connection: &Connection, goaway: &GoAway) -> Verdict {
    if stream == Verdict::closed(Side::Remote) {
        // The last stream of a peer that goes away.
        return goaway.verdict().map_or(stream, |said| said.or_stronger(stream));
    }
    if stream.rank() > Rank::BrokenPipe {
        return stream;
    }
    let lost = timeout(MOMENT, connection.clone()).await.ok().flatten();
    [lost, goaway.verdict()].into_iter().flatten().fold(stream, Verdict::or_stronger)
}

/// The end of a connection. Its future is `Ok` both after a goodbye and after a bare FIN.
pub fn connection_ended(
    served: hyper::Result<()>,
    goaway: &GoAway,
    end: Endpoint,
    ended: &DisconnectHandle,
) -> Disconnect {
    match (served, goaway.verdict()) {
        (Err(error), _) => ended.failed(&error),
        (Ok(()), Some(said)) => ended.set(end.resolve(said)),
        (Ok(()), None) => ended.set(end.eof()),
    };
    ended.so_far()
}

/// Holds the guard of a request, for its handler.
pub struct Handling {
    end: Endpoint,
    pub ended: DisconnectHandle,
    _dropped: oneshot::Sender<()>,
}

impl Handling {
    pub fn new(guard: BoxedGuard, end: Endpoint, connection: Connection, goaway: GoAway) -> Self {
        let (open, dropped) = oneshot::channel();
        let ended = guard.handle();
        tokio::spawn(async move {
            drop(dropped.await);
            // If the connection is alive, the client has reset the stream. hyper does not expose the code.
            let reset = Verdict::new(DisconnectReason::Unknown, Side::Remote);
            let lost = timeout(MOMENT, connection).await.map_or(Some(reset), |said| said.or(goaway.verdict()));
            if guard.get().is_none() {
                guard.set(lost.map_or(end.eof(), |lost| end.resolve(lost)));
            }
        });
        Self { end, ended, _dropped: open }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let panicked = self.end.ended(DisconnectReason::Unknown, Side::Local);
            self.ended.set(panicked.with_cause(DisconnectCause::Panicked));
        }
    }
}
