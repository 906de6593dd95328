//! A client that follows a stream of events with h2.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use disconnect_core::{Disconnect, DisconnectHandle, Endpoint};
use h2::client::SendRequest;
use h2::{Ping, PingPong};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinHandle};

use super::Failure;
use crate::line::line;
use crate::recipes::h2::{self as recipe, CLASSIFIER, Connection, Transport};

/// A connection whose future runs in its own task.
pub(super) struct Client {
    end: Endpoint,
    requests: SendRequest<Bytes>,
    task: AbortHandle,
    connection: Connection,
    transport: Transport,
    pings: Option<PingPong>,
}

impl Client {
    pub(super) async fn connect<S>(stream: S, end: Endpoint) -> Result<Self, h2::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (stream, transport) = recipe::watched(stream, end);
        let (requests, mut connection) = h2::client::handshake(stream).await?;
        let pings = connection.ping_pong();
        let task = tokio::spawn(connection);
        let abort = task.abort_handle();
        Ok(Self { end, requests, task: abort, connection: recipe::connection(task, &CLASSIFIER), transport, pings })
    }

    /// Waits until the handshake is complete: the server has answered a second ping, and so has read this side's answer
    /// to its settings.
    pub(super) async fn settled(mut self) -> Result<Self, Failure> {
        let mut pings = self.pings.take().ok_or("pinged already")?;
        for _ in 0..2 {
            pings.ping(Ping::opaque()).await?;
        }
        Ok(self)
    }

    /// Follows the events in its own task, and reports the first one.
    pub(super) fn start(&self) -> Started {
        let (quit, quitting) = oneshot::channel();
        let first = Arc::new(Notify::new());
        let follower = Follower {
            end: self.end,
            requests: self.requests.clone(),
            connection: self.connection.clone(),
            transport: Arc::clone(&self.transport),
        };
        let serving = tokio::spawn(follower.follow(Arc::clone(&first), quitting));
        Started { serving, first, quit, connection: self.task.clone() }
    }

    /// Waits without open streams until the connection has ended.
    pub(super) async fn idle(self) -> Disconnect {
        line(self.end, async |ended| {
            Ok::<_, h2::Error>(recipe::idle_ended(self.requests, self.connection, self.end, &ended).await)
        })
        .await
    }
}

/// One stream.
struct Follower {
    end: Endpoint,
    requests: SendRequest<Bytes>,
    connection: Connection,
    transport: Transport,
}

impl Follower {
    /// Follows the events until they end or the user quits.
    async fn follow(mut self, first: Arc<Notify>, quitting: oneshot::Receiver<()>) -> Disconnect {
        let end = self.end;
        let quitting = async {
            if quitting.await.is_err() {
                pending::<()>().await;
            }
        };
        line(end, async |ended: DisconnectHandle| {
            let stream = tokio::select! {
                stream = self.events(&first) => stream,
                () = quitting => {
                    ended.set(end.closed_locally());
                    drop(self.requests);
                    // Flushes the goodbye. The result does not change the end.
                    self.connection.await;
                    return Ok(ended.so_far());
                }
            };
            let ended = recipe::stream_ended(stream, self.requests, self.connection, &self.transport, end, &ended);
            Ok::<_, h2::Error>(ended.await)
        })
        .await
    }

    async fn events(&mut self, first: &Notify) -> Result<(), h2::Error> {
        let mut requests = self.requests.clone().ready().await?;
        let (response, _) = requests.send_request(Request::new(()), true)?;
        let mut events = response.await?.into_body();
        while let Some(event) = events.data().await {
            events.flow_control().release_capacity(event?.len())?;
            first.notify_one();
        }
        Ok(())
    }
}

/// A client that follows.
pub(super) struct Started {
    serving: JoinHandle<Disconnect>,
    /// Notified of the first event.
    pub(super) first: Arc<Notify>,
    quit: oneshot::Sender<()>,
    /// The task of the connection's future.
    pub(super) connection: AbortHandle,
}

impl Started {
    pub(super) async fn ended(self) -> Result<Disconnect, Failure> {
        Ok(self.serving.await?)
    }

    /// Lets the user quit.
    pub(super) async fn quit(self) -> Result<Disconnect, Failure> {
        self.quit.send(()).map_err(|()| "the client is gone")?;
        Ok(self.serving.await?)
    }
}
