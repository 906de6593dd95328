//! Calls that end by a status, a deadline, or because the client has had enough.

use std::time::Duration;

use disconnect_core::{Code, DisconnectInitiator as By, DisconnectReason as Why};
use tokio::net::TcpListener;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code as Number, Request, Status};

use super::client::{Call, channel};
use super::server::Server;
use super::{CLIENT, PROTOCOL, SERVER};
use crate::matrix::{Matrix, Truth, truth};
use crate::protocols::Outcome;

/// What the server says in its trailers.
const STATUSES: &[(Number, Truth)] = &[
    (Number::Ok, truth(Why::Graceful, By::Server)),
    (Number::Cancelled, truth(Why::Unknown, By::Server)),
    (Number::Unknown, truth(Why::Unknown, By::Server)),
    (Number::DeadlineExceeded, truth(Why::NetworkError, By::Unknown)),
    (Number::PermissionDenied, truth(Why::Unknown, By::Server)),
    (Number::ResourceExhausted, truth(Why::Unknown, By::Server)),
    (Number::Aborted, truth(Why::Unknown, By::Server)),
    (Number::Unimplemented, truth(Why::ProtocolError, By::Server)),
    (Number::Internal, truth(Why::ProtocolError, By::Server)),
    (Number::Unauthenticated, truth(Why::Unknown, By::Server)),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (number, truth) in STATUSES {
        let server = Server::start().await?;
        let call = Call::start(channel(server.address).await?).await?;
        if *number == Number::Ok {
            drop(server.events);
        } else {
            server.events.send(Err(Status::new(*number, "told to")))?;
        }
        matrix.decidable(PROTOCOL, format!("{number:?} by the server"), "client", *truth, call.follow().await);
    }
    shutdown(matrix).await?;
    deadline(matrix).await?;
    by_the_client(matrix).await
}

/// The server goes away, and ends its calls.
async fn shutdown(matrix: &mut Matrix) -> Outcome {
    let server = Server::start().await?;
    let channel = channel(server.address).await?;
    let call = Call::start(channel.clone()).await?;
    let recorded = SERVER.shutting_down();
    server.events.send(Err(Status::unavailable("the server is shutting down")))?;
    let left = truth(Why::ServerShutdown, By::Server);
    let why = "a proxy without a backend says UNAVAILABLE as well, and so does a client that lost its connection";
    matrix.undecidable(PROTOCOL, "UNAVAILABLE at shutdown of the server", "client", left, call.follow().await, why);
    matrix.decidable(PROTOCOL, "UNAVAILABLE at shutdown of the server", "server", left, recorded);
    Ok(())
}

/// The server takes the call and does not answer.
async fn deadline(matrix: &mut Matrix) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let silent = Channel::builder(format!("http://{}", listener.local_addr()?).parse()?).connect().await?;
    let mut request = Request::new(());
    request.set_timeout(Duration::from_millis(300));
    let status = Call::open(Grpc::new(silent), request).await.err().ok_or("the silent server answered")?;
    let late = truth(Why::NetworkError, By::Network);
    let end = CLIENT.failed(&status);
    matrix.decidable(PROTOCOL, "a silent server, until the call's deadline", "client", late, end);
    Ok(())
}

/// The client is done, or has had enough: tonic's `message()` gives the server `Ok(None)` for both.
async fn by_the_client(matrix: &mut Matrix) -> Outcome {
    let left = truth(Why::ClientClosed, By::Client);
    let server = Server::start().await?;
    let call = Call::start(channel(server.address).await?).await?;
    drop(call.requests);
    matrix.decidable(PROTOCOL, "END_STREAM by the client", "server", left, server.ended().await?);

    let server = Server::start().await?;
    let call = Call::start(channel(server.address).await?).await?;
    drop(call);
    matrix.decidable(PROTOCOL, "RST_STREAM CANCEL by the client", "server", left, server.ended().await?);
    matrix.decidable(PROTOCOL, "RST_STREAM CANCEL by the client", "client", left, CLIENT.sent(Code::grpc(1)));
    Ok(())
}
