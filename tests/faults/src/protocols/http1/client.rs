//! The natural code of a client.

use std::time::Duration;

use disconnect_core::Disconnect;
use http_body_util::BodyExt;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Body, BoxError, CLIENT, says_goodbye};
use crate::line::line;

pub(super) type Task = JoinHandle<hyper::Result<()>>;

/// The connection runs in a task of its own, as hyper wants it.
pub(super) async fn dial(tcp: TcpStream) -> hyper::Result<(SendRequest<Body>, Task)> {
    let (sender, connection): (_, Connection<_, Body>) = handshake(TokioIo::new(tcp)).await?;
    Ok((sender, tokio::spawn(connection)))
}

/// One request, and then the wait until the connection ends.
pub(super) async fn fetch(
    mut sender: SendRequest<Body>,
    task: Task,
    request: Request<Body>,
    patience: Duration,
) -> Disconnect {
    let leaves = says_goodbye(request.headers());
    line(CLIENT, async |ended| -> Result<_, BoxError> {
        let exchange = async {
            let response = sender.send_request(request).await?;
            // A body that ends with the connection may as well be half of one: then a FIN proves nothing.
            let last = says_goodbye(response.headers()) && is_framed(response.headers());
            response.into_body().collect().await?;
            Ok::<_, hyper::Error>(last)
        };
        match timeout(patience, exchange).await? {
            Ok(true) if leaves => Ok(CLIENT.closed_locally()),
            Ok(true) => Ok(CLIENT.closed_by_peer()),
            // The connection ended between two exchanges.
            Ok(false) => {
                task.await??;
                Ok(CLIENT.eof())
            }
            // The exchange failed; the task of the connection may know more.
            Err(error) => {
                ended.failed(&error);
                drop(sender);
                task.await??;
                Ok(ended.so_far())
            }
        }
    })
    .await
}

fn is_framed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}
