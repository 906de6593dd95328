//! The two streams on the agent's connection to the server: coordination and the relay map.

use std::time::Duration;

use disconnect_core::{BoxedGuard, DisconnectCause, DisconnectHandle, disconnected};
use futures_util::future::join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli::AgentOptions;
use crate::ends::AGENT_FACING_SERVER;
use crate::wire::LinkError;
use crate::wire::message::{AgentNode, Build, Coordination, DerpMap, FromAgent, Node, RelayLeg, Subscription};

/// A message of the server, whose stream understands it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Incoming {
    Coordination(Value),
    DerpMap(Value),
}

/// What the server asks for.
pub(super) enum Asked {
    Relay(RelayLeg),
    Stop(Build),
}

/// Both streams, each a task with a guard of its own under that of the connection.
pub(super) struct Streams {
    coordination: mpsc::UnboundedSender<Value>,
    derp_map: mpsc::UnboundedSender<Value>,
    tasks: [JoinHandle<Option<BoxedGuard>>; 2],
    pub(super) outgoing: mpsc::Receiver<FromAgent>,
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) goodbye: Goodbye,
    /// A stream broke, and with it the connection, whose end is set.
    pub(super) failed: CancellationToken,
}

/// The goodbye of the coordination stream.
#[derive(Clone)]
pub(super) struct Goodbye {
    /// Say it now.
    pub(super) say: CancellationToken,
    /// It was said, and answered or not answered in time.
    pub(super) said: CancellationToken,
    patience: Duration,
}

impl Streams {
    pub(super) fn open(options: &AgentOptions, node: Node, connection: &DisconnectHandle) -> Self {
        let (sender, outgoing) = mpsc::channel(16);
        let (asking, asked) = mpsc::channel(16);
        let failed = CancellationToken::new();
        let (say, said) = (CancellationToken::new(), CancellationToken::new());
        let goodbye = Goodbye { say, said, patience: options.timing.goodbye() };
        let (coordination, messages) = mpsc::unbounded_channel();
        let guard = coordination_guard(options.target.workspace.clone(), connection);
        let work =
            coordinate(Stream { messages, outgoing: sender.clone() }, node, asking, goodbye.clone(), guard.handle());
        let coordinating = tokio::spawn(serve(work, guard, connection.clone(), failed.clone()));

        let (derp_map, messages) = mpsc::unbounded_channel();
        let guard = derp_map_guard(options.target.workspace.clone(), connection);
        let work = follow_relays(Stream { messages, outgoing: sender }, guard.handle());
        let following = tokio::spawn(serve(work, guard, connection.clone(), failed.clone()));
        Self { coordination, derp_map, tasks: [coordinating, following], outgoing, asked, goodbye, failed }
    }

    /// Hands a message to its stream. One that has ended takes no more.
    pub(super) fn take(&self, message: Incoming) {
        let _ = match message {
            Incoming::Coordination(message) => self.coordination.send(message),
            Incoming::DerpMap(message) => self.derp_map.send(message),
        };
    }

    /// Nothing more comes. A stream that was told its end before has written its line; the others have that of their
    /// connection, which is to be set before their guards are dropped.
    pub(super) async fn finish(self) -> Vec<BoxedGuard> {
        let Self { coordination, derp_map, tasks, outgoing, asked, .. } = self;
        drop((coordination, derp_map, outgoing, asked));
        // A stream that panicked has written its line.
        join_all(tasks).await.into_iter().filter_map(|task| task.ok().flatten()).collect()
    }
}

fn coordination_guard(workspace: String, connection: &DisconnectHandle) -> BoxedGuard {
    BoxedGuard::boxed(AGENT_FACING_SERVER, move |end| {
        if end.cause_as() == Some(DisconnectCause::Deadline) {
            disconnected!(level: WARN, end, workspace, "disconnected from coordination RPC");
        } else {
            disconnected!(level: DEBUG, end, workspace, "disconnected from coordination RPC");
        }
    })
    .under(connection)
}

fn derp_map_guard(workspace: String, connection: &DisconnectHandle) -> BoxedGuard {
    BoxedGuard::boxed(AGENT_FACING_SERVER, move |end| {
        disconnected!(level: DEBUG, end, workspace, "disconnected from derp map RPC");
    })
    .under(connection)
}

/// Runs a stream. One that breaks takes the connection with it, and the other stream: all three for the same reason.
/// Gives the guard back of one that has no end of its own.
async fn serve(
    work: impl Future<Output = Result<(), LinkError>>,
    guard: BoxedGuard,
    connection: DisconnectHandle,
    failed: CancellationToken,
) -> Option<BoxedGuard> {
    if let Err(error) = work.await {
        guard.failed(&error);
        connection.failed(&error);
        failed.cancel();
    }
    guard.get().is_none().then_some(guard)
}

/// The coordination stream, until one side has said goodbye.
async fn coordinate(
    mut stream: Stream,
    node: Node,
    asking: mpsc::Sender<Asked>,
    goodbye: Goodbye,
    ended: DisconnectHandle,
) -> Result<(), LinkError> {
    stream.send(FromAgent::Coordination(AgentNode::At(node))).await;
    info!("coordination stream is up");
    loop {
        tokio::select! {
            message = stream.next() => match message? {
                Some(Coordination::Relay(leg)) => drop(asking.send(Asked::Relay(leg)).await),
                Some(Coordination::Stop(build)) => drop(asking.send(Asked::Stop(build)).await),
                Some(Coordination::Goodbye) => {
                    ended.set(AGENT_FACING_SERVER.closed_by_peer());
                    return Ok(());
                }
                None => return Ok(()),
            },
            () = goodbye.say.cancelled() => break,
        }
    }
    // The end is that of the run. A goodbye that is not answered in time shows in it.
    if let Err(elapsed) = timeout(goodbye.patience, say_goodbye(&mut stream)).await {
        ended.failed(&elapsed);
    }
    goodbye.said.cancel();
    Ok(())
}

/// Until the server answers, or has gone.
async fn say_goodbye(stream: &mut Stream) {
    stream.send(FromAgent::Coordination(AgentNode::Goodbye)).await;
    while let Ok(Some(message)) = stream.next().await {
        if matches!(message, Coordination::Goodbye) {
            return;
        }
    }
}

/// The relay-map stream, until the server ends it.
async fn follow_relays(mut stream: Stream, ended: DisconnectHandle) -> Result<(), LinkError> {
    stream.send(FromAgent::DerpMap(Subscription::Subscribe)).await;
    while let Some(message) = stream.next().await? {
        match message {
            DerpMap::Relays(relays) => info!(relays = relays.len(), "relay map received"),
            DerpMap::Goodbye => {
                ended.set(AGENT_FACING_SERVER.closed_by_peer());
                break;
            }
        }
    }
    Ok(())
}

/// One stream's share of the connection.
struct Stream {
    messages: mpsc::UnboundedReceiver<Value>,
    outgoing: mpsc::Sender<FromAgent>,
}

impl Stream {
    /// Once the connection has ended nothing is sent, and nothing more comes.
    async fn send(&self, message: FromAgent) {
        let _ = self.outgoing.send(message).await;
    }

    /// The next message, or `None` once the connection has ended.
    async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LinkError> {
        let Some(message) = self.messages.recv().await else { return Ok(None) };
        serde_json::from_value(message).map(Some).map_err(|error| LinkError::Malformed(error.to_string()))
    }
}
