//! An agent's control streams to its server, as a service would write them: two siblings that live and die together.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use disconnect_core::evidence::Side;
use disconnect_core::{Classifier, Disconnect, DisconnectReason, Endpoint, classifier, disconnected};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::wire::{self, Frame};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

static CLASSIFIER: Classifier = classifier![tokio = tokio];

/// What the streams of one agent share.
///
/// A shutdown and a sibling's failure both stop a stream, and must not be told by the same token: the one is normal,
/// the other an outage.
#[derive(Clone)]
pub(crate) struct Agent {
    /// This process is going away.
    pub(crate) shutdown: CancellationToken,
    /// How long the server may take to answer a goodbye.
    pub(crate) patience: Duration,
    failure: watch::Sender<Option<Disconnect>>,
}

impl Agent {
    /// An agent without streams.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { shutdown: CancellationToken::new(), patience, failure: watch::Sender::new(None) }
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
        match failure.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(first)) => first.clone().with_detail("ended with its sibling stream"),
            // The sender is ours: it is still there, and it waited for one.
            Ok(None) | Err(_) => END.ended(DisconnectReason::Unknown, Side::Unknown),
        }
    }
}

/// One control stream: follows the server until the stream ends, and says in one line why it did.
pub(crate) async fn follow(id: u64, name: &str, mut stream: TcpStream, agent: Agent) {
    let end = tokio::select! {
        exit = updates(&mut stream, &agent) => {
            let error = exit.as_ref().err().map(|err| err as &(dyn Error + 'static));
            END.exit(agent.shutdown.is_cancelled(), &CLASSIFIER, error)
        }
        first = agent.sibling_failed() => first,
    };
    agent.ended(&end);
    disconnected!(end, connection_id = id, stream = name, "control stream closed");
}

async fn updates(stream: &mut TcpStream, agent: &Agent) -> io::Result<()> {
    loop {
        tokio::select! {
            frame = wire::read(stream) => match frame? {
                Some(update @ Frame::Data(_)) => wire::write(stream, &update).await?,
                Some(Frame::Goodbye) => return Ok(()),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            },
            () = agent.shutdown.cancelled() => return timeout(agent.patience, say_goodbye(stream)).await?,
        }
    }
}

/// Leaves, and waits until the server has heard it.
async fn say_goodbye(stream: &mut TcpStream) -> io::Result<()> {
    wire::write(stream, &Frame::Goodbye).await?;
    while wire::read(stream).await?.is_some() {}
    Ok(())
}

/// Watches over a stream whose task is aborted at a shutdown: an aborted task cannot write a line.
pub(crate) async fn supervise(id: u64, task: JoinHandle<io::Result<()>>, agent: Agent) {
    let end = match task.await {
        Ok(exit) => exit.map_or_else(|err| END.failed(&CLASSIFIER, &err), |()| END.closed_by_peer()),
        Err(stopped) if stopped.is_cancelled() && agent.shutdown.is_cancelled() => END.shutting_down(),
        Err(stopped) => END.failed(&CLASSIFIER, &stopped),
    };
    disconnected!(end, connection_id = id, "relay map stream closed");
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
