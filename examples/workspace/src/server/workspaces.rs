//! The workspaces: their state, their connected agents and clients, and pending relay legs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use disconnect_core::Shutdown;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::http::StatusCode;

use crate::wire::Socket;
use crate::wire::message::{Build, Coordination, Node, RelayLeg};

use super::manage::Transition;
use super::route::Route;

/// All workspaces.
pub(super) struct Workspaces {
    /// The end reason of all connections when the server stops.
    shutdown: Shutdown,
    by_name: Mutex<HashMap<String, Workspace>>,
    /// The maximum number of workspaces.
    most: usize,
    /// The tasks that wait for a leg of the relay.
    legs: Mutex<HashMap<u64, oneshot::Sender<Socket>>>,
    ids: AtomicU64,
    builds: AtomicU64,
}

struct Workspace {
    state: State,
    /// The end reason of everything in this run of the workspace.
    cause: RunCause,
    agent: Option<Agent>,
    clients: Vec<mpsc::Sender<Stopping>>,
}

impl Workspace {
    fn new(shutdown: &Shutdown) -> Self {
        let cause = RunCause::default().under(shutdown);
        Self { state: State::Running, cause, agent: None, clients: Vec::new() }
    }

    /// The agent, while it is connected.
    fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref().filter(|agent| !agent.commands.is_closed())
    }
}

/// The end reason of a run, and its build.
pub(super) type RunCause = Shutdown<Build>;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
    Stopped,
    Deleted,
}

/// A connected agent.
struct Agent {
    id: u64,
    node: Option<Node>,
    /// Closed after the agent has left.
    commands: mpsc::Sender<Coordination>,
}

/// A client receives the reason why its workspace stops, and confirms it.
pub(super) struct Stopping {
    pub(super) build: Build,
    pub(super) noted: oneshot::Sender<()>,
}

/// The message of a stop, and its receivers.
pub(super) struct Stop {
    pub(super) build: Build,
    pub(super) clients: Vec<mpsc::Sender<Stopping>>,
    pub(super) cause: RunCause,
    agent: Option<mpsc::Sender<Coordination>>,
}

impl Stop {
    /// Sends the message to the agent, and waits until the agent has left.
    pub(super) async fn send_agent_away(self) {
        if let Some(commands) = self.agent
            && commands.send(Coordination::Stop(self.build)).await.is_ok()
        {
            commands.closed().await;
        }
    }
}

impl Workspaces {
    pub(super) fn new(shutdown: Shutdown, most: usize) -> Self {
        let (ids, builds) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { shutdown, by_name: Mutex::default(), most, legs: Mutex::default(), ids, builds }
    }

    /// Whether a connection may come up now.
    pub(super) fn admits(&self, route: &Route) -> Result<(), StatusCode> {
        let workspaces = self.lock();
        let state = |name: &str| workspaces.get(name).map(|workspace| workspace.state);
        let has_agent = |name: &str| workspaces.get(name)?.agent()?.node.as_ref();
        match route {
            Route::Agent { workspace } => match state(workspace) {
                None if workspaces.len() >= self.most => Err(StatusCode::TOO_MANY_REQUESTS),
                None | Some(State::Running) => Ok(()),
                Some(State::Stopped) => Err(StatusCode::CONFLICT),
                Some(State::Deleted) => Err(StatusCode::GONE),
            },
            Route::Client(client) | Route::Relay(client) => match state(&client.workspace) {
                None => Err(StatusCode::NOT_FOUND),
                Some(State::Running) if has_agent(&client.workspace).is_some() => Ok(()),
                Some(State::Running | State::Stopped) => Err(StatusCode::CONFLICT),
                Some(State::Deleted) => Err(StatusCode::GONE),
            },
            Route::Manage { workspace, .. } => state(workspace).map(drop).ok_or(StatusCode::NOT_FOUND),
            Route::RelayLeg { id } => match lock(&self.legs).get(id) {
                Some(waiting) if !waiting.is_closed() => Ok(()),
                Some(_) | None => Err(StatusCode::NOT_FOUND),
            },
        }
    }

    /// Adds an agent, until the receiver of `commands` is dropped. A later agent of the same workspace replaces it.
    /// Returns the number of this agent, and the end reason of the run.
    pub(super) fn agent(&self, name: &str, commands: mpsc::Sender<Coordination>) -> (u64, RunCause) {
        let id = self.next_id();
        let mut workspaces = self.lock();
        let workspace = workspaces.entry(name.to_owned()).or_insert_with(|| Workspace::new(&self.shutdown));
        workspace.agent = Some(Agent { id, node: None, commands });
        (id, workspace.cause.clone())
    }

    /// Stores the address of the agent with this number.
    pub(super) fn agent_is_at(&self, name: &str, id: u64, node: Node) {
        let mut workspaces = self.lock();
        let agent = workspaces.get_mut(name).and_then(|workspace| workspace.agent.as_mut());
        if let Some(agent) = agent.filter(|agent| agent.id == id) {
            agent.node = Some(node);
        }
    }

    /// Adds a client, until the receiver of `stopping` is dropped.
    pub(super) fn client(&self, name: &str, stopping: mpsc::Sender<Stopping>) {
        // The workspace existed when the server accepted the client.
        if let Some(workspace) = self.lock().get_mut(name) {
            workspace.clients.retain(|client| !client.is_closed());
            workspace.clients.push(stopping);
        }
    }

    /// The address of a workspace's agent, if it is connected.
    pub(super) fn node(&self, name: &str) -> Option<Node> {
        self.lock().get(name)?.agent()?.node.clone()
    }

    /// The end reason of this workspace's run. It has begun once the run ends.
    pub(super) fn cause(&self, name: &str) -> RunCause {
        self.lock().get(name).map(|workspace| workspace.cause.clone()).unwrap_or_default()
    }

    /// Requests the second leg of a relayed data path from the agent. Returns `None` if there is no agent.
    pub(super) async fn leg(&self, name: &str, client_session_id: String) -> Option<Socket> {
        let id = self.next_id();
        let (sender, leg) = oneshot::channel();
        let commands = self.lock().get(name)?.agent()?.commands.clone();
        self.expect_leg(id, sender);
        commands.send(Coordination::Relay(RelayLeg { id, client_session_id })).await.ok()?;
        leg.await.ok()
    }

    fn expect_leg(&self, id: u64, sender: oneshot::Sender<Socket>) {
        let mut legs = lock(&self.legs);
        legs.retain(|_, waiting| !waiting.is_closed());
        legs.insert(id, sender);
    }

    /// The agent has dialled a leg that a task waits for.
    pub(super) fn leg_arrived(&self, id: u64, socket: Socket) {
        if let Some(waiting) = lock(&self.legs).remove(&id) {
            let _ = waiting.send(socket);
        }
    }

    /// Stops or deletes a workspace: from here on no new connection comes up. The caller still has to inform the open
    /// connections.
    pub(super) fn stop(&self, name: &str, transition: Transition, reason: String) -> Result<Stop, &'static str> {
        let mut workspaces = self.lock();
        let workspace = workspaces.get_mut(name).ok_or("there is no such workspace")?;
        match (workspace.state, transition) {
            (State::Deleted, _) => return Err("it was deleted"),
            (State::Stopped, Transition::Stop) => return Err("it is stopped already"),
            _ => {}
        }
        workspace.state = if transition == Transition::Delete { State::Deleted } else { State::Stopped };
        Ok(Stop {
            build: self.build(transition, reason),
            clients: workspace.clients.clone(),
            cause: workspace.cause.clone(),
            agent: workspace.agent().map(|agent| agent.commands.clone()),
        })
    }

    /// Starts a stopped workspace: the server accepts its agent again.
    pub(super) fn start(&self, name: &str, reason: String) -> Result<Build, &'static str> {
        let mut workspaces = self.lock();
        let workspace = workspaces.get_mut(name).ok_or("there is no such workspace")?;
        match workspace.state {
            State::Running => Err("it is running already"),
            State::Deleted => Err("it was deleted"),
            State::Stopped => {
                workspace.state = State::Running;
                workspace.cause = RunCause::default().under(&self.shutdown);
                Ok(self.build(Transition::Start, reason))
            }
        }
    }

    fn build(&self, transition: Transition, build_reason: String) -> Build {
        let build_id = self.builds.fetch_add(1, Ordering::Relaxed) + 1;
        Build { build_id, build_reason, transition: transition.as_str().to_owned() }
    }

    fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Workspace>> {
        lock(&self.by_name)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
