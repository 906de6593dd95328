//! An agent's control streams to its server, written as in a service: if one of two sibling streams fails, the other
//! one ends too.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use disconnect_core::{Disconnect, DisconnectGuard, DisconnectReason, Endpoint, Shutdown, Side, disconnected};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::wire::{self, Frame};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

/// The state that the streams of one agent share.
///
/// A shutdown and a failure of the sibling both stop a stream. They need different signals, because a shutdown is
/// expected and a failure is not.
#[derive(Clone)]
pub(crate) struct Agent {
    /// How long to wait for the server's answer to a goodbye.
    patience: Duration,
    /// The end of all streams when this process goes away.
    shutdown: Shutdown,
    closing: CancellationToken,
    failure: watch::Sender<Option<Disconnect>>,
}

impl Agent {
    /// An agent without streams.
    pub(crate) fn new(patience: Duration) -> Self {
        let (shutdown, closing) = (Shutdown::new(), CancellationToken::new());
        Self { patience, shutdown, closing, failure: watch::Sender::new(None) }
    }

    /// Shuts down: publishes the shutdown first, then closes the streams.
    pub(crate) fn shut_down(&self) {
        self.shutdown.begin();
        self.closing.cancel();
    }

    /// Reports a failed stream to its siblings.
    fn ended(&self, end: &Disconnect) {
        if !end.expected() {
            self.failure.send_if_modified(|first| first.is_none() && first.replace(end.clone()).is_none());
        }
    }

    /// Waits until a sibling has failed. Returns that end, which is also the end of this stream.
    async fn sibling_failed(&self) -> Disconnect {
        let mut failure = self.failure.subscribe();
        let first = failure.wait_for(Option::is_some).await.ok().and_then(|first| first.clone());
        // Cannot be `None`: `self` holds the sender, and the value is set.
        first.map_or_else(
            || END.ended(DisconnectReason::Unknown, Side::Local),
            |first| first.with_detail("ended with its sibling stream"),
        )
    }
}

/// Serves one control stream until it ends. The guard logs the end.
pub(crate) async fn follow(id: u64, name: &'static str, mut stream: TcpStream, agent: Agent) {
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, stream = name, "control stream closed");
    let guard = DisconnectGuard::new(END, write).under(&agent.shutdown);
    let ended = guard.handle();
    // The error is already in the line.
    let _ = guard
        .run(async |_| -> io::Result<_> {
            tokio::select! {
                end = updates(&mut stream, &agent) => end,
                first = agent.sibling_failed() => Ok(first),
            }
        })
        .await;
    agent.ended(&ended.so_far());
}

async fn updates(stream: &mut TcpStream, agent: &Agent) -> io::Result<Disconnect> {
    loop {
        tokio::select! {
            frame = wire::read(stream) => match frame? {
                Some(update @ Frame::Data(_)) => wire::write(stream, &update).await?,
                Some(Frame::Goodbye) => return Ok(END.closed_by_peer()),
                None => return Ok(END.eof()),
            },
            () = agent.closing.cancelled() => {
                // If no answer comes in time, the guard adds the cause `deadline` to the shutdown.
                timeout(agent.patience, say_goodbye(stream)).await??;
                return Ok(END.shutting_down());
            }
        }
    }
}

/// Sends the goodbye and waits for the server's end of file.
async fn say_goodbye(stream: &mut TcpStream) -> io::Result<()> {
    wire::write(stream, &Frame::Goodbye).await?;
    while wire::read(stream).await?.is_some() {}
    Ok(())
}

/// Serves a stream that does not watch for a shutdown, so that a shutdown aborts its task. The guard in it still logs
/// the line.
pub(crate) async fn relay_map(id: u64, mut stream: TcpStream, agent: Agent) {
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, "relay map stream closed");
    let _ = DisconnectGuard::new(END, write)
        .under(&agent.shutdown)
        .run(async |_| -> io::Result<_> {
            while let Some(map) = wire::read(&mut stream).await? {
                wire::write(&mut stream, &map).await?;
            }
            Ok(END.eof())
        })
        .await;
}

/// Connects to the server and follows it. A failed connect is not logged as a disconnect, because there was no
/// connection.
///
/// # Errors
///
/// Fails if the server cannot be reached.
pub(crate) async fn dial(id: u64, server: SocketAddr, agent: Agent) -> io::Result<()> {
    let stream = TcpStream::connect(server).await.inspect_err(|error| {
        tracing::warn!(connection_id = id, %error, "server not reached");
    })?;
    follow(id, "coordination", stream, agent).await;
    Ok(())
}
