//! Calls that end with a status, with a deadline, or by the client.

use std::time::Duration;

use disconnect_core::Code;
use tokio::net::TcpListener;
use tonic::{Code as Number, Request, Status};

use super::client::Connected;
use super::server::{Handler, Server};
use super::{CLIENT, Failure, PROTOCOL, SERVER};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for number in 0..=16 {
        let number = Number::from_i32(number);
        let server = Server::start().await?;
        let call = Connected::to(server.address).await?.call().await?;
        let injected = format!("{number:?} by the server");
        matrix.add(Case::new(PROTOCOL, &injected, "server", SERVER.sent(Code::grpc(number.into()))));
        end_with(&server, Status::new(number, "told to"))?;
        drop(server.events);
        if number == Number::Unavailable {
            let (end, got) = call.status().await;
            matrix.add(Case::new(PROTOCOL, injected, "client", end).observed(got));
        } else {
            matrix.add(Case::new(PROTOCOL, injected, "client", call.follow().await));
        }
    }
    shutdown(matrix).await?;
    deadlines(matrix).await?;
    by_the_client(matrix).await
}

/// Ends the call with this status. A call that sends no more ends with OK.
fn end_with(server: &Server, status: Status) -> Outcome {
    if status.code() != Number::Ok {
        server.events.send(Err(status))?;
    }
    Ok(())
}

/// The server goes away and ends its calls.
async fn shutdown(matrix: &mut Matrix) -> Outcome {
    let server = Server::start().await?;
    let call = Connected::to(server.address).await?.call().await?;
    let injected = "UNAVAILABLE at shutdown of the server";
    matrix.add(Case::new(PROTOCOL, injected, "server", SERVER.shutting_down()));
    end_with(&server, Status::unavailable("told to"))?;
    drop(server.events);
    let (end, got) = call.status().await;
    matrix.add(Case::new(PROTOCOL, injected, "client", end).observed(got));

    for (injected, status) in [
        ("GOAWAY NO_ERROR, then Ok by the server", Status::ok("")),
        ("GOAWAY NO_ERROR, then UNAVAILABLE by the server", Status::unavailable("told to")),
        ("GOAWAY NO_ERROR, then Internal by the server", Status::internal("told to")),
    ] {
        let failed = status.code() == Number::Internal;
        let server = Server::start().await?;
        let call = Connected::to(server.address).await?.call().await?;
        if !failed {
            matrix.add(Case::new(PROTOCOL, injected, "server", SERVER.shutting_down()));
        }
        leave_then(server, status).await?;
        matrix.add(Case::new(PROTOCOL, injected, "client", call.follow().await));
    }
    Ok(())
}

/// Sends GOAWAY and then ends the call.
pub(super) async fn leave_then(server: Server, status: Status) -> Outcome {
    server.heard.notified().await;
    server.leaving.begin().await;
    end_with(&server, status)?;
    drop(server.events);
    Ok(())
}

async fn deadlines(matrix: &mut Matrix) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let silent = Connected::to(listener.local_addr()?).await?;
    let status = within(&silent, Duration::from_millis(300)).await?;
    let injected = "a silent server, until the call's deadline";
    matrix.add(Case::new(PROTOCOL, injected, "client", CLIENT.failed(&status)));

    let server = Server::start_with(Handler::Stalls).await?;
    let client = Connected::to(server.address).await?;
    let status = within(&client, Duration::from_millis(300)).await?;
    let injected = "the client's deadline passes";
    matrix.add(Case::new(PROTOCOL, injected, "client", CLIENT.failed(&status)));
    matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    Ok(())
}

/// A call that is not answered in time.
async fn within(client: &Connected, timeout: Duration) -> Result<Status, Failure> {
    let mut request = Request::new(());
    request.set_timeout(timeout);
    Ok(client.call_with(request).await.err().ok_or("the silent server answered")?)
}

/// The client completes or cancels: tonic's `message()` returns `Ok(None)` to the server for both.
async fn by_the_client(matrix: &mut Matrix) -> Outcome {
    let server = Server::start().await?;
    let call = Connected::to(server.address).await?.call().await?;
    drop(call.requests);
    matrix.add(Case::new(PROTOCOL, "END_STREAM by the client", "server", server.ended().await?));

    let server = Server::start().await?;
    let call = Connected::to(server.address).await?.call().await?;
    drop(call);
    matrix.add(Case::new(PROTOCOL, "RST_STREAM CANCEL by the client", "server", server.ended().await?));
    matrix.add(Case::new(PROTOCOL, "RST_STREAM CANCEL by the client", "client", CLIENT.sent(Code::grpc(1))));

    let server = Server::start_with(Handler::Panics).await?;
    let status = Connected::to(server.address).await?.call().await.err().ok_or("the handler answered")?;
    matrix.add(Case::new(PROTOCOL, "the handler panics", "client", CLIENT.failed(&status)));
    matrix.add(Case::new(PROTOCOL, "the handler panics", "server", server.ended().await?));
    Ok(())
}
