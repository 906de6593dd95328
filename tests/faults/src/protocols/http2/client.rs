//! A client that follows a stream of events over h2.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use disconnect_core::evidence::Verdict;
use disconnect_core::{Disconnect, Endpoint};
use h2::client::SendRequest;
use h2::{Ping, PingPong};
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinError, JoinHandle};

use super::{CLASSIFIER, Failure};

/// A connection, whose future runs in a task of its own.
pub(super) struct Client {
    end: Endpoint,
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
    pings: Option<PingPong>,
}

impl Client {
    pub(super) async fn connect(stream: TcpStream, end: Endpoint) -> Result<Self, h2::Error> {
        let (requests, mut connection) = h2::client::handshake(stream).await?;
        let pings = connection.ping_pong();
        Ok(Self { end, requests, connection: tokio::spawn(connection), pings })
    }

    /// Once nothing of the handshake is under way any more: the server has answered a ping, and read what this side
    /// answered to its own settings before a second one.
    pub(super) async fn settled(mut self) -> Result<Self, Failure> {
        let mut pings = self.pings.take().ok_or("pinged already")?;
        for _ in 0..2 {
            pings.ping(Ping::opaque()).await?;
        }
        Ok(self)
    }

    /// Follows the events in a task of its own; tells of the first.
    pub(super) fn start(self) -> Started {
        let (quit, quitting) = oneshot::channel();
        let connection = self.connection.abort_handle();
        let first = Arc::new(Notify::new());
        let serving = tokio::spawn(self.follow(Arc::clone(&first), quitting));
        Started { serving, first, quit, connection }
    }

    /// Follows the events until they end, or until the user quits.
    async fn follow(mut self, first: Arc<Notify>, quitting: oneshot::Receiver<()>) -> Disconnect {
        let quitting = async {
            if quitting.await.is_err() {
                pending::<()>().await;
            }
        };
        let ended = tokio::select! {
            ended = self.events(&first) => ended,
            () = quitting => {
                let ended = self.end.closed_locally();
                drop(self.requests);
                // Its goodbye has to be flushed; whether that works says nothing about why it was said.
                let _ = self.connection.await;
                return ended;
            }
        };
        match ended {
            Ok(()) => self.ended(None).await,
            Err(error) => self.ended(Some(CLASSIFIER.verdict(&error))).await,
        }
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

    /// Waits with nothing in flight until the connection has ended.
    pub(super) async fn idle(self) -> Disconnect {
        let connection = said(self.connection.await);
        let ready = self.requests.ready().await.err().map(|error| CLASSIFIER.verdict(&error));
        strongest(self.end, [connection, ready])
    }

    /// The recipe: a stream often knows no more than that it broke. `ready()` tells of a `GOAWAY`, which is the only
    /// place for one without an error; the connection's future tells of everything else. The strongest is the end.
    async fn ended(self, stream: Option<Verdict>) -> Disconnect {
        let Err(error) = self.requests.ready().await else {
            // The connection lives on, so the stream's end is its own.
            return stream.map_or(self.end.closed_by_peer(), |verdict| self.end.resolve(verdict));
        };
        let ready = Some(CLASSIFIER.verdict(&error));
        strongest(self.end, [stream, ready, said(self.connection.await)])
    }
}

/// What the connection's future says. `Ok` is no proof of a goodbye.
fn said(connection: Result<Result<(), h2::Error>, JoinError>) -> Option<Verdict> {
    match connection {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(CLASSIFIER.verdict(&error)),
        Err(error) => Some(CLASSIFIER.verdict(&error)),
    }
}

fn strongest<const N: usize>(end: Endpoint, verdicts: [Option<Verdict>; N]) -> Disconnect {
    let strongest = verdicts.into_iter().flatten().reduce(Verdict::or_stronger);
    strongest.map_or(end.eof(), |verdict| end.resolve(verdict))
}

/// A client that follows.
pub(super) struct Started {
    serving: JoinHandle<Disconnect>,
    /// The first event has come.
    pub(super) first: Arc<Notify>,
    quit: oneshot::Sender<()>,
    /// The task of the connection's future.
    pub(super) connection: AbortHandle,
}

impl Started {
    pub(super) async fn ended(self) -> Result<Disconnect, Failure> {
        Ok(self.serving.await?)
    }

    /// The user leaves.
    pub(super) async fn quit(self) -> Result<Disconnect, Failure> {
        self.quit.send(()).map_err(|()| "the client is gone")?;
        Ok(self.serving.await?)
    }
}
