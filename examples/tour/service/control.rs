//! An agent's control streams to its server, as a service would write them: two siblings that live and die together.

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

/// What the streams of one agent share.
///
/// A shutdown and a sibling's failure both stop a stream, and must not be told by the same token: the one is normal,
/// the other an outage.
#[derive(Clone)]
pub(crate) struct Agent {
    /// How long the server may take to answer a goodbye.
    patience: Duration,
    /// Why the streams end when this process goes away, and what wakes them.
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

    /// This process is going away: why comes first, then the streams are closed.
    pub(crate) fn shut_down(&self) {
        self.shutdown.begin();
        self.closing.cancel();
    }

    /// Tells the siblings of a stream that it failed.
    fn ended(&self, end: &Disconnect) {
        if !end.expected() {
            self.failure.send_if_modified(|first| first.is_none() && first.replace(end.clone()).is_none());
        }
    }

    /// Waits until a sibling has failed: its end is why this stream ends too.
    async fn sibling_failed(&self) -> Disconnect {
        let mut failure = self.failure.subscribe();
        let first = failure.wait_for(Option::is_some).await.ok().and_then(|first| first.clone());
        // The sender is ours: it is still there, and it waited for one.
        first.map_or_else(
            || END.ended(DisconnectReason::Unknown, Side::Local),
            |first| first.with_detail("ended with its sibling stream"),
        )
    }
}

/// One control stream: follows the server until the stream ends. The guard says in one line why it did.
pub(crate) async fn follow(id: u64, name: &'static str, mut stream: TcpStream, agent: Agent) {
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, stream = name, "control stream closed");
    let guard = DisconnectGuard::new(END, write).under(&agent.shutdown);
    let ended = guard.handle();
    // The error is in the line.
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
                // Where no answer comes in time, the guard adds the deadline to the shutdown.
                timeout(agent.patience, say_goodbye(stream)).await??;
                return Ok(END.shutting_down());
            }
        }
    }
}

/// Leaves, and waits until the server has heard it.
async fn say_goodbye(stream: &mut TcpStream) -> io::Result<()> {
    wire::write(stream, &Frame::Goodbye).await?;
    while wire::read(stream).await?.is_some() {}
    Ok(())
}

/// A stream that looks at no token, so that a shutdown aborts its task: the guard in it writes the line all the same.
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

/// Dials the server and follows it. A dial that failed is no disconnect: there was no connection.
///
/// # Errors
///
/// The server could not be reached.
pub(crate) async fn dial(id: u64, server: SocketAddr, agent: Agent) -> io::Result<()> {
    let stream = TcpStream::connect(server).await.inspect_err(|error| {
        tracing::warn!(connection_id = id, %error, "server not reached");
    })?;
    follow(id, "coordination", stream, agent).await;
    Ok(())
}
