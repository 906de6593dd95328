//! Ends between a hyper client and a hyper server: goodbyes, failures of their own, a shutdown, tasks that do not end.

use std::future::{pending, ready};
use std::io;
use std::sync::Arc;

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};
use hyper::Request;
use hyper::header::CONNECTION;
use tokio::sync::Notify;

use super::client::{dial, fetch};
use super::server::{serve, serve_forever, supervise};
use super::{Body, BoxError, LONG, SERVER, VANISHED, failing, full};
use crate::loopback::pair;
use crate::matrix::{Matrix, Truth, truth};
use crate::protocols::Outcome;

const SHUTDOWN: Truth = truth(Why::ServerShutdown, By::Server);
const FAILED_SERVER: Truth = truth(Why::Unknown, By::Server);
const FAILED_CLIENT: Truth = truth(Why::Unknown, By::Client);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    goodbyes_and_failures(matrix).await?;
    shutdown(matrix).await?;
    tasks(matrix).await
}

/// Both ends of one exchange.
async fn goodbyes_and_failures(matrix: &mut Matrix) -> Outcome {
    let (left, dismissed) = (truth(Why::ClientClosed, By::Client), truth(Why::Graceful, By::Server));
    let get = |path| Request::get(path).body(full(""));
    let cases = [
        (
            "the client says Connection: close",
            Request::get("/").header(CONNECTION, "close").body(full(""))?,
            left,
            left,
        ),
        ("the server says Connection: close", get("/last")?, dismissed, dismissed),
        ("the response's body fails", get("/fails")?, VANISHED, FAILED_SERVER),
        ("the response's body fails, of which a proxy is told", get("/proxy")?, VANISHED, FAILED_SERVER),
        ("the upstream of a gateway cancels", get("/gateway")?, VANISHED, FAILED_SERVER),
        ("the response's body is shorter than announced", get("/short")?, VANISHED, FAILED_SERVER),
        ("the handler panics", get("/panics")?, VANISHED, FAILED_SERVER),
        ("the request's body fails", post(failing(io::Error::other("the disk is gone")))?, FAILED_CLIENT, VANISHED),
    ];
    for (injected, request, client_truth, server_truth) in cases {
        let (client, server) = pair().await?;
        let (sender, task) = dial(client).await?;
        let server = supervise(tokio::spawn(serve_forever(server, LONG)), SERVER);
        let (client, server) = tokio::join!(fetch(sender, task, request, LONG), server);
        matrix.decidable("http1", injected, "client", client_truth, client);
        matrix.decidable("http1", injected, "server", server_truth, server);
    }
    Ok(())
}

fn post(body: Body) -> Result<Request<Body>, BoxError> {
    Ok(Request::post("/").body(body)?)
}

/// The server goes away. The client learns `Connection: close` at most, which does not say so.
async fn shutdown(matrix: &mut Matrix) -> Outcome {
    let (_idle, server) = pair().await?;
    let end = serve(server, LONG, &Notify::new(), ready(())).await;
    matrix.decidable("http1", "shutdown, idle", "server", SHUTDOWN, end);

    for (injected, path) in
        [("shutdown, a request is under way", "/large"), ("shutdown, a request never ends", "/stalls")]
    {
        let (client, server) = pair().await?;
        let (sender, task) = dial(client).await?;
        let fetching = tokio::spawn(fetch(sender, task, Request::get(path).body(full(""))?, LONG));
        let busy = Notify::new();
        let end = serve(server, LONG, &busy, busy.notified()).await;
        fetching.abort();
        matrix.decidable("http1", injected, "server", SHUTDOWN, end);
    }
    Ok(())
}

/// Tasks that are aborted while a request is under way.
async fn tasks(matrix: &mut Matrix) -> Outcome {
    for (injected, by_server) in
        [("the server's task is aborted", true), ("the client's connection task is aborted", false)]
    {
        let (client, server) = pair().await?;
        let (sender, task) = dial(client).await?;
        let connection = task.abort_handle();
        let fetching = tokio::spawn(fetch(sender, task, Request::get("/stalls").body(full(""))?, LONG));
        let busy = Arc::new(Notify::new());
        let told = busy.clone();
        let serving = tokio::spawn(async move { serve(server, LONG, &told, pending()).await });
        busy.notified().await;
        let (client_truth, server_truth) = if by_server {
            serving.abort();
            (VANISHED, FAILED_SERVER)
        } else {
            connection.abort();
            (FAILED_CLIENT, VANISHED)
        };
        matrix.decidable("http1", injected, "client", client_truth, fetching.await?);
        matrix.decidable("http1", injected, "server", server_truth, supervise(serving, SERVER).await);
    }
    Ok(())
}
