//! tonic: whether a call was completed, cancelled, late or lost, and who gave its status.
//!
//! A status does not say who gave it, and `Ok(None)` is no goodbye: a server gets it for a call that was completed, cancelled
//! or lost. What ended the body of the message tells them apart, so it is noted before tonic sees it. Needs the recipes
//! `hyper_http2`, `h2` and `goaway`.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use disconnect_core::evidence::{Rank, Side, Verdict, grpc_timeout};
use disconnect_core::{Classifier, Code, DisconnectReason, classifier};
use http::{HeaderMap, Response};
use hyper::body::{Body, Frame};
use tonic::{Status, Streaming};

use super::goaway::GoAway;
use super::h2::Connection;
use super::hyper_http2::stream_ended;

pub static CLASSIFIER: Classifier = classifier![tonic = tonic, hyper = hyper, h2 = h2, tokio = tokio];

/// What ended the body of a request or a response.
#[derive(Clone, Debug, Default)]
pub struct BodyEnd(Arc<OnceLock<End>>);

#[derive(Debug)]
enum End {
    /// The server's word, if a status is in it.
    Trailers {
        status: bool,
    },
    /// `END_STREAM` without trailers.
    Whole,
    Cut(Verdict),
}

/// A body that notes its end.
pub struct Noted<B> {
    pub body: B,
    pub end: BodyEnd,
}

/// For `ServiceExt::map_response` of a channel: the note is in the extensions of the response.
pub fn noted<B>(mut response: Response<B>) -> Response<Noted<B>> {
    let end = BodyEnd::default();
    response.extensions_mut().insert(end.clone());
    response.map(|body| Noted { body, end })
}

impl<B: Body<Error: Error + 'static> + Unpin> Body for Noted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let end = match &polled {
            Poll::Ready(None) if self.body.is_end_stream() => End::Whole,
            // hyper ends a body also for RST_STREAM NO_ERROR, and when the other side missed a keep-alive.
            Poll::Ready(None) => {
                End::Cut(Verdict::new(DisconnectReason::Unknown, Side::Remote).with_rank(Rank::FollowOn))
            }
            Poll::Ready(Some(Err(error))) => End::Cut(CLASSIFIER.verdict(error)),
            Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
                Some(trailers) => End::Trailers { status: trailers.contains_key("grpc-status") },
                None => return polled,
            },
            Poll::Pending => return polled,
        };
        self.end.0.get_or_init(|| end);
        polled
    }
}

/// The end of a call whose responses a client reads.
pub async fn call_ended<T>(responses: &mut Streaming<T>, body: &BodyEnd, goaway: &GoAway) -> Verdict {
    let violation = Verdict::new(DisconnectReason::ProtocolError, Side::Remote);
    let or_goaway = |call: Verdict| goaway.verdict().map_or(call, |said| call.or_stronger(said));
    match (messages(responses).await, body.0.get()) {
        (_, Some(End::Cut(cut))) => or_goaway(*cut),
        (_, Some(End::Whole | End::Trailers { status: false })) => violation,
        // The last call of a server that goes away.
        (Ok(()), Some(End::Trailers { .. })) => goaway.verdict().unwrap_or(Code::grpc(0).received()),
        (Err(status), Some(End::Trailers { .. })) => or_goaway(Code::grpc(status.code().into()).received()),
        // The server has not said its status yet: tonic gives up over what it read.
        (Err(status), None) if status.source().is_none() => violation,
        (Err(status), None) => CLASSIFIER.verdict(&status),
        (Ok(()), None) => Verdict::new(DisconnectReason::Unknown, Side::Unknown),
    }
}

async fn messages<T>(messages: &mut Streaming<T>) -> Result<(), Status> {
    while messages.message().await?.is_some() {}
    Ok(())
}

/// The end of a call whose requests a server reads.
pub async fn requests_ended<T>(
    requests: &mut Streaming<T>,
    body: &BodyEnd,
    deadline: Option<Instant>,
    connection: &Connection,
    goaway: &GoAway,
) -> Verdict {
    let cut = match (messages(requests).await, body.0.get()) {
        (_, Some(End::Cut(cut))) => *cut,
        (Ok(()), _) => return Verdict::closed(Side::Remote),
        (Err(status), _) => return CLASSIFIER.verdict(&status),
    };
    // A client that cancels when its time is up has not left.
    let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
    if late && cut == Code::http2(8).received() {
        return Code::grpc(4).received();
    }
    stream_ended(cut, connection, goaway).await
}

/// When the client's time is up, by its `grpc-timeout`: by its clock that is a little before.
pub fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let timeout = grpc_timeout(headers.get("grpc-timeout"))?;
    Instant::now().checked_add(timeout / 10 * 9)
}
