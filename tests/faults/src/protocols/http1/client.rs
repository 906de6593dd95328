//! A client that sends one request.

use std::time::Duration;

use disconnect_core::{Disconnect, Endpoint};
use hyper::Request;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{Body, CLIENT, LONG};
use crate::line::line;
use crate::loopback::Recorded;
use crate::recipes::hyper_http1 as recipe;

pub(super) type Task = JoinHandle<hyper::Result<()>>;

/// hyper expects the connection in its own task.
pub(super) async fn dial<S>(stream: S) -> hyper::Result<(SendRequest<Body>, Task)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection): (_, Connection<_, Body>) = handshake(TokioIo::new(stream)).await?;
    Ok((sender, tokio::spawn(connection)))
}

/// Sends one request, and waits until the connection ends.
pub(super) async fn fetch(
    sender: SendRequest<Body>,
    task: Task,
    request: Request<Body>,
    patience: Duration,
) -> Disconnect {
    line(CLIENT, async |ended| recipe::fetch(sender, task, request, CLIENT, &ended, patience, LONG).await).await
}

/// The same for another endpoint. Also returns what hyper read.
pub(super) async fn get(
    tcp: TcpStream,
    end: Endpoint,
    (patience, idle): (Duration, Duration),
) -> Result<(Disconnect, String), Box<dyn std::error::Error + Send + Sync>> {
    let (tcp, record) = Recorded::new(tcp);
    let (sender, task) = dial(tcp).await?;
    let request = Request::get("/").body(super::full(""))?;
    let got = line(end, async |ended| recipe::fetch(sender, task, request, end, &ended, patience, idle).await);
    Ok((got.await, record.text()))
}
