//! `GOAWAY` and `RST_STREAM`: who said so, and where a client or server hears of it.

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};
use h2::Reason;
use tokio::io::AsyncWriteExt;

use super::server::Order;
use super::{CLASSIFIER, Client, Link, PROTOCOL, Server};
use crate::loopback::pair;
use crate::matrix::{Matrix, Truth, truth};
use crate::protocols::Outcome;

/// What the server is told to do, with a stream in flight.
const ORDERS: &[(&str, Link, &[Order], Truth)] = &[
    ("END_STREAM", Link::SESSION, &[Order::Finish], truth(Why::Graceful, By::Agent)),
    (
        "GOAWAY NO_ERROR, then END_STREAM",
        Link::COORDINATION,
        &[Order::Leave, Order::Finish],
        truth(Why::ServerShutdown, By::Server),
    ),
    (
        "GOAWAY NO_ERROR at once",
        Link::COORDINATION,
        &[Order::Abort(Reason::NO_ERROR)],
        truth(Why::ServerShutdown, By::Server),
    ),
    ("GOAWAY INTERNAL_ERROR", Link::CONTROL, &[Order::Abort(Reason::INTERNAL_ERROR)], truth(Why::Unknown, By::Server)),
    (
        "GOAWAY ENHANCE_YOUR_CALM",
        Link::SESSION,
        &[Order::Abort(Reason::ENHANCE_YOUR_CALM)],
        truth(Why::Unknown, By::Agent),
    ),
    ("RST_STREAM CANCEL", Link::SESSION, &[Order::Reset(Reason::CANCEL)], truth(Why::Unknown, By::Agent)),
    (
        "RST_STREAM REFUSED_STREAM",
        Link::CONTROL,
        &[Order::Reset(Reason::REFUSED_STREAM)],
        truth(Why::Unknown, By::Server),
    ),
    (
        "RST_STREAM INTERNAL_ERROR",
        Link::COORDINATION,
        &[Order::Reset(Reason::INTERNAL_ERROR)],
        truth(Why::Unknown, By::Server),
    ),
];

pub(super) const SILENT_GOAWAY: &str =
    "h2 gives a server the same end for a client's GOAWAY NO_ERROR and for a bare FIN";

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, link, orders, truth) in ORDERS {
        let following = link.following().await?;
        for order in *orders {
            following.server.order(*order)?;
        }
        following.both(matrix, &format!("{injected} by the {}", link.server.0), *truth).await?;
    }
    // The events are cut short, without a word about why: "no error" is not a goodbye in a reset.
    let following = Link::SESSION.following().await?;
    following.server.order(Order::Reset(Reason::NO_ERROR))?;
    let (injected, cut) = ("RST_STREAM NO_ERROR amid events", truth(Why::Unknown, By::Agent));
    matrix.decidable(PROTOCOL, injected, "client", cut, following.client.ended().await?);
    let mut following = Link::SESSION.following().await?;
    following.taps.0.write_all(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\0").await?;
    let (injected, cut) = ("RST_STREAM NO_ERROR by the client", truth(Why::Unknown, By::Client));
    matrix.decidable(PROTOCOL, injected, "agent", cut, following.server.ended().await?);
    by_the_client(matrix).await?;
    idle(matrix).await?;
    followed_by_more(matrix).await
}

/// The user quits: `RST_STREAM CANCEL`, `GOAWAY NO_ERROR` and FIN.
async fn by_the_client(matrix: &mut Matrix) -> Outcome {
    let following = Link::SESSION.following().await?;
    let (injected, left) = ("RST_STREAM CANCEL by the client", truth(Why::ClientClosed, By::Client));
    matrix.decidable(PROTOCOL, injected, "client", left, following.client.quit().await?);
    matrix.decidable(PROTOCOL, injected, "agent", left, following.server.ended().await?);

    // An agent is nobody's user: why it would cancel is not known.
    let following = Link::COORDINATION.following().await?;
    drop(following.client.quit().await?);
    let (injected, left) = ("RST_STREAM CANCEL by the agent", truth(Why::Unknown, By::Agent));
    matrix.decidable(PROTOCOL, injected, "server", left, following.server.ended().await?);
    Ok(())
}

/// Nothing in flight.
async fn idle(matrix: &mut Matrix) -> Outcome {
    let shutdown = truth(Why::ServerShutdown, By::Server);
    let (near, far) = pair().await?;
    let server = Server::start(far, Link::CONTROL.server.1);
    let client = Client::connect(near, Link::CONTROL.client.1).await?.settled().await?;
    server.order(Order::Leave)?;
    matrix.decidable(PROTOCOL, "GOAWAY NO_ERROR while idle", "client", shutdown, client.idle().await);
    matrix.decidable(PROTOCOL, "GOAWAY NO_ERROR while idle", "server", shutdown, server.ended().await?);

    let (near, far) = pair().await?;
    let server = Server::start(far, Link::CONTROL.server.1);
    drop(Client::connect(near, Link::CONTROL.client.1).await?.settled().await?);
    let (injected, left) = ("GOAWAY NO_ERROR by the idle client", truth(Why::ClientClosed, By::Client));
    matrix.undecidable(PROTOCOL, injected, "server", left, server.ended().await?, SILENT_GOAWAY);
    Ok(())
}

/// Whoever goes on using a connection after its end sees errors that only follow from it, and they come first or last.
async fn followed_by_more(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let server = Server::start(far, Link::CONTROL.server.1);
    let (mut requests, connection) = h2::client::handshake(near).await?;
    let connection = tokio::spawn(connection);
    let (response, mut upload) = requests.send_request(http::Request::new(()), false)?;
    let mut events = response.await?.into_body();
    events.data().await.ok_or("no event")??;
    server.order(Order::Abort(Reason::INTERNAL_ERROR))?;
    let error = connection.await?.err().ok_or("the connection ended well")?;
    let end = Link::CONTROL.client.1;
    let first = CLASSIFIER.verdict(&error);
    let last = match upload.send_data("late".into(), true) {
        Err(error) => CLASSIFIER.verdict(&error),
        Ok(()) => return Err("a stream without a connection took data".into()),
    };
    let failed = truth(Why::Unknown, By::Server);
    let injected = "GOAWAY INTERNAL_ERROR, then a failed send";
    matrix.decidable(PROTOCOL, injected, "client", failed, end.resolve(first.or_stronger(last)));
    let injected = "a failed send before GOAWAY INTERNAL_ERROR is seen";
    matrix.decidable(PROTOCOL, injected, "client", failed, end.resolve(last.or_stronger(first)));
    Ok(())
}
