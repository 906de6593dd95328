//! Ends between a hyper client and a hyper server: goodbyes, failures of a handler, a shutdown, tasks that do not
//! complete.

use std::future::{pending, ready};
use std::io;
use std::sync::Arc;

use hyper::Request;
use hyper::header::CONNECTION;
use tokio::sync::Notify;

use super::client::{dial, fetch};
use super::server::{serve, serve_forever};
use super::{Body, BoxError, LONG, PROTOCOL, SERVER, SHORT, failing, full};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::tokio::supervise;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    goodbyes_and_failures(matrix).await?;
    shutdown(matrix).await?;
    tasks(matrix).await
}

/// Both sides of one exchange.
async fn goodbyes_and_failures(matrix: &mut Matrix) -> Outcome {
    let get = |path| Request::get(path).body(full(""));
    let cases = [
        ("the client says Connection: close", Request::get("/").header(CONNECTION, "close").body(full(""))?),
        ("the server says Connection: close", get("/last")?),
        ("the response's body fails", get("/fails")?),
        ("the response's body fails, of which a proxy is told", get("/proxy")?),
        ("the upstream of a gateway cancels", get("/gateway")?),
        ("the response's body is shorter than announced", get("/short")?),
        ("the handler panics", get("/panics")?),
        ("the request's body fails", post(failing(io::Error::other("the disk is gone")))?),
    ];
    for (injected, request) in cases {
        let (client, server) = pair().await?;
        let (sender, task) = dial(client).await?;
        let server = supervise(tokio::spawn(serve_forever(server, LONG)), SERVER);
        let (client, server) = tokio::join!(fetch(sender, task, request, LONG), server);
        matrix.add(Case::new(PROTOCOL, injected, "client", client));
        matrix.add(Case::new(PROTOCOL, injected, "server", server));
    }
    Ok(())
}

fn post(body: Body) -> Result<Request<Body>, BoxError> {
    Ok(Request::post("/").body(body)?)
}

/// The server goes away. The client receives at most `Connection: close`, which does not say that.
async fn shutdown(matrix: &mut Matrix) -> Outcome {
    let (_idle, server) = pair().await?;
    let end = serve(server, SHORT, &Notify::new(), ready(())).await;
    matrix.add(Case::new(PROTOCOL, "shutdown, idle", "server", end));

    for (injected, path) in
        [("shutdown, a request is under way", "/large"), ("shutdown, a request never ends", "/stalls")]
    {
        let (client, server) = pair().await?;
        let (sender, task) = dial(client).await?;
        let fetching = tokio::spawn(fetch(sender, task, Request::get(path).body(full(""))?, LONG));
        let busy = Notify::new();
        let end = serve(server, SHORT, &busy, busy.notified()).await;
        fetching.abort();
        matrix.add(Case::new(PROTOCOL, injected, "server", end));
    }
    Ok(())
}

/// Tasks that are aborted during a request.
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
        if by_server {
            serving.abort();
        } else {
            connection.abort();
        }
        matrix.add(Case::new(PROTOCOL, injected, "client", fetching.await?));
        matrix.add(Case::new(PROTOCOL, injected, "server", supervise(serving, SERVER).await));
    }
    Ok(())
}
