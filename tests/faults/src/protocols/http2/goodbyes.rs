//! `GOAWAY` and `RST_STREAM`: which side sent it, and where a client or server sees it.

use std::future::poll_fn;

use bytes::Bytes;
use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectReason, Endpoint};
use h2::Reason;
use h2::client::SendRequest;
use tokio::task::JoinHandle;

use super::server::{self, Order};
use super::{Client, Failure, Link, PROTOCOL};
use crate::line::line;
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::h2::{CLASSIFIER, Transport, connection, stream_ended, watched};

/// The orders to the server, with an open stream.
#[rustfmt::skip] // one row per line
const ORDERS: &[(&str, Link, &[Order])] = &[
    ("END_STREAM", Link::SESSION, &[Order::Finish]),
    ("GOAWAY NO_ERROR, then END_STREAM", Link::COORDINATION, &[Order::Leave, Order::Finish]),
    ("GOAWAY NO_ERROR, then RST_STREAM NO_ERROR", Link::COORDINATION, &[Order::Leave, Order::Reset(Reason::NO_ERROR)]),
    ("GOAWAY NO_ERROR at once", Link::COORDINATION, &[Order::Abort(Reason::NO_ERROR)]),
    ("GOAWAY INTERNAL_ERROR", Link::CONTROL, &[Order::Abort(Reason::INTERNAL_ERROR)]),
    ("GOAWAY ENHANCE_YOUR_CALM", Link::SESSION, &[Order::Abort(Reason::ENHANCE_YOUR_CALM)]),
    ("RST_STREAM CANCEL", Link::SESSION, &[Order::Reset(Reason::CANCEL)]),
    ("RST_STREAM REFUSED_STREAM", Link::CONTROL, &[Order::Reset(Reason::REFUSED_STREAM)]),
    ("RST_STREAM INTERNAL_ERROR", Link::COORDINATION, &[Order::Reset(Reason::INTERNAL_ERROR)]),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, link, orders) in ORDERS {
        let following = link.following().await?;
        for order in *orders {
            following.server.order(*order)?;
        }
        following.both(matrix, &format!("{injected} by the {}", link.server.0)).await?;
    }
    let following = Link::SESSION.following().await?;
    following.server.order(Order::Reset(Reason::NO_ERROR))?;
    following.both(matrix, "RST_STREAM NO_ERROR amid events").await?;

    let following = Link::COORDINATION.following().await?;
    following.server.order(Order::Leave)?;
    following.server.order(Order::Reset(Reason::INTERNAL_ERROR))?;
    let injected = "GOAWAY NO_ERROR, then RST_STREAM INTERNAL_ERROR by the server";
    matrix.add(Case::new(PROTOCOL, injected, "agent", following.client.ended().await?));

    let following = Link::COORDINATION.following().await?;
    following.server.order(Order::All(&[Order::Reset(Reason::NO_ERROR), Order::Leave]))?;
    following.both(matrix, "RST_STREAM NO_ERROR, then GOAWAY NO_ERROR by the server").await?;
    by_the_client(matrix).await?;
    idle(matrix).await?;
    followed_by_more(matrix).await
}

/// The user quits: `RST_STREAM(CANCEL)`, `GOAWAY(NO_ERROR)` and a FIN. Or the client resets its request.
async fn by_the_client(matrix: &mut Matrix) -> Outcome {
    let following = Link::SESSION.following().await?;
    let injected = "RST_STREAM CANCEL by the client";
    matrix.add(Case::new(PROTOCOL, injected, "client", following.client.quit().await?));
    matrix.add(Case::new(PROTOCOL, injected, "agent", following.server.ended().await?));

    // An agent has no user, so the reason of its cancel is unknown.
    let following = Link::COORDINATION.following().await?;
    drop(following.client.quit().await?);
    let injected = "RST_STREAM CANCEL by the agent that is the client";
    matrix.add(Case::new(PROTOCOL, injected, "server", following.server.ended().await?));

    for code in [Reason::NO_ERROR, Reason::REFUSED_STREAM] {
        let (server, mut uploading) = Uploading::start(Link::SESSION).await?;
        let end = Link::SESSION.client.1;
        // NO_ERROR is a goodbye only in a `GOAWAY`.
        let meant = match code {
            Reason::NO_ERROR => end.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local)),
            code => end.sent(Code::http2(code.into())),
        };
        uploading.upload.send_reset(code);
        let injected = match code {
            Reason::NO_ERROR => "RST_STREAM NO_ERROR by the client",
            _ => "RST_STREAM REFUSED_STREAM by the client",
        };
        matrix.add(Case::new(PROTOCOL, injected, "client", meant));
        matrix.add(Case::new(PROTOCOL, injected, "agent", server.ended().await?));
    }
    Ok(())
}

/// A request whose body is open, after the first event of its response.
struct Uploading {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
    transport: Transport,
    upload: h2::SendStream<Bytes>,
    events: h2::RecvStream,
}

impl Uploading {
    async fn start(link: Link) -> Result<(server::Started, Self), Failure> {
        let (near, far) = pair().await?;
        let server = server::start(far, link.server.1);
        let (near, transport) = watched(near, link.client.1);
        let (mut requests, connection) = h2::client::handshake(near).await?;
        let connection = tokio::spawn(connection);
        let (response, upload) = requests.send_request(http::Request::new(()), false)?;
        let mut events = response.await?.into_body();
        events.data().await.ok_or("no event")??;
        Ok((server, Self { requests, connection, transport, upload, events }))
    }

    /// Follows the events to their end. The request stays open until the server resets it.
    async fn follow(mut self, end: Endpoint) -> Disconnect {
        let stream = async {
            while let Some(event) = self.events.data().await {
                self.events.flow_control().release_capacity(event?.len())?;
            }
            Ok(())
        };
        let stream = stream.await;
        drop(poll_fn(|context| self.upload.poll_reset(context)).await);
        let connection = connection(self.connection, &CLASSIFIER);
        line(end, async |ended| {
            Ok::<_, h2::Error>(stream_ended(stream, self.requests, connection, &self.transport, end, &ended).await)
        })
        .await
    }
}

/// Without open streams.
async fn idle(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    let client = Client::connect(near, Link::CONTROL.client.1).await?.settled().await?;
    server.order(Order::Leave)?;
    matrix.add(Case::new(PROTOCOL, "GOAWAY NO_ERROR while idle", "client", client.idle().await));
    matrix.add(Case::new(PROTOCOL, "GOAWAY NO_ERROR while idle", "server", server.ended().await?));

    let (near, far) = pair().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    drop(Client::connect(near, Link::CONTROL.client.1).await?.settled().await?);
    matrix.add(Case::new(PROTOCOL, "GOAWAY NO_ERROR by the idle client", "server", server.ended().await?));
    Ok(())
}

/// Use of a connection or stream after its end causes follow-on errors.
async fn followed_by_more(matrix: &mut Matrix) -> Outcome {
    let (server, uploading) = Uploading::start(Link::CONTROL).await?;
    let Uploading { connection, mut upload, .. } = uploading;
    server.order(Order::Abort(Reason::INTERNAL_ERROR))?;
    let error = connection.await?.err().ok_or("the connection ended well")?;
    let end = Link::CONTROL.client.1;
    let first = CLASSIFIER.verdict(&error);
    let last = match upload.send_data("late".into(), true) {
        Err(error) => CLASSIFIER.verdict(&error),
        Ok(()) => return Err("a stream without a connection took data".into()),
    };
    let injected = "GOAWAY INTERNAL_ERROR, then a failed send";
    matrix.add(Case::new(PROTOCOL, injected, "client", end.resolve(first.or_stronger(last))));
    let injected = "a failed send before GOAWAY INTERNAL_ERROR is seen";
    matrix.add(Case::new(PROTOCOL, injected, "client", end.resolve(last.or_stronger(first))));

    // The response is complete, and the server does not need the rest of the request.
    let (server, uploading) = Uploading::start(Link::CONTROL).await?;
    server.order(Order::Finish)?;
    server.order(Order::Reset(Reason::NO_ERROR))?;
    let injected = "a whole response, then RST_STREAM NO_ERROR by the server";
    matrix.add(Case::new(PROTOCOL, injected, "client", uploading.follow(end).await));
    matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    Ok(())
}
