//! tonic: whether a call was completed, cancelled, late or lost, and which side set its status.
//!
//! A status does not show which side set it. `Ok(None)` is no goodbye: a server receives it for a completed, a
//! cancelled and a lost call. The end of the message body distinguishes them, so it is recorded before tonic sees it.
//! Needs the recipes `hyper_http2`, `h2` and `goaway`.

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

/// How the body of a request or a response ended.
#[derive(Clone, Debug, Default)]
pub struct BodyEnd(Arc<OnceLock<End>>);

#[derive(Debug)]
enum End {
    /// With trailers. A status in them is by the server.
    Trailers {
        status: bool,
    },
    /// With `END_STREAM` and without trailers.
    Whole,
    Cut(Verdict),
}

/// A body that records its end.
pub struct Noted<B> {
    pub body: B,
    pub end: BodyEnd,
}

/// For `ServiceExt::map_response` of a channel. The record is in the extensions of the response.
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
            // hyper also ends a body for RST_STREAM with NO_ERROR, and after an unanswered keep-alive.
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

/// The end of a call, at a client that reads its responses.
pub async fn call_ended<T>(responses: &mut Streaming<T>, body: &BodyEnd, goaway: &GoAway) -> Verdict {
    let violation = Verdict::new(DisconnectReason::ProtocolError, Side::Remote);
    let or_goaway = |call: Verdict| goaway.verdict().map_or(call, |said| call.or_stronger(said));
    match (messages(responses).await, body.0.get()) {
        (_, Some(End::Cut(cut))) => or_goaway(*cut),
        (_, Some(End::Whole | End::Trailers { status: false })) => violation,
        // The last call of a server that goes away.
        (Ok(()), Some(End::Trailers { .. })) => goaway.verdict().unwrap_or(Code::grpc(0).received()),
        (Err(status), Some(End::Trailers { .. })) => or_goaway(Code::grpc(status.code().into()).received()),
        // The server has not sent its status. tonic fails because of the bytes that it read.
        (Err(status), None) if status.source().is_none() => violation,
        (Err(status), None) => CLASSIFIER.verdict(&status),
        (Ok(()), None) => Verdict::new(DisconnectReason::Unknown, Side::Unknown),
    }
}

async fn messages<T>(messages: &mut Streaming<T>) -> Result<(), Status> {
    while messages.message().await?.is_some() {}
    Ok(())
}

/// The end of a call, at a server that reads its requests.
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
    // A client that cancels when its deadline expires has not left.
    let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
    if late && cut == Code::http2(8).received() {
        return Code::grpc(4).received();
    }
    stream_ended(cut, connection, goaway).await
}

/// The client's deadline, from its `grpc-timeout`. By the client's clock it is a little earlier.
pub fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let timeout = grpc_timeout(headers.get("grpc-timeout"))?;
    Instant::now().checked_add(timeout / 10 * 9)
}
