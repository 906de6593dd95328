//! The workspaces: what state they are in, who is connected, and what is on its way through the relay.

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
    /// Why the server lets everybody go.
    shutdown: Shutdown,
    by_name: Mutex<HashMap<String, Workspace>>,
    /// How many there may be.
    most: usize,
    /// Who waits for which leg of the relay.
    legs: Mutex<HashMap<u64, oneshot::Sender<Socket>>>,
    ids: AtomicU64,
    builds: AtomicU64,
}

struct Workspace {
    state: State,
    /// Why everything in this run of the workspace ends.
    cause: RunCause,
    agent: Option<Agent>,
    clients: Vec<mpsc::Sender<Stopping>>,
}

impl Workspace {
    fn new(shutdown: &Shutdown) -> Self {
        let cause = RunCause::default().under(shutdown);
        Self { state: State::Running, cause, agent: None, clients: Vec::new() }
    }

    /// Its agent, while that is connected.
    fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref().filter(|agent| !agent.commands.is_closed())
    }
}

/// Why a run of a workspace ends, and by which build.
pub(super) type RunCause = Shutdown<Build>;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
    Stopped,
    Deleted,
}

/// An agent that is connected.
struct Agent {
    id: u64,
    node: Option<Node>,
    /// Closed once the agent has gone.
    commands: mpsc::Sender<Coordination>,
}

/// A client is told why its workspace stops, and says when it has noted that.
pub(super) struct Stopping {
    pub(super) build: Build,
    pub(super) noted: oneshot::Sender<()>,
}

/// What a stop has to tell, and whom.
pub(super) struct Stop {
    pub(super) build: Build,
    pub(super) clients: Vec<mpsc::Sender<Stopping>>,
    pub(super) cause: RunCause,
    agent: Option<mpsc::Sender<Coordination>>,
}

impl Stop {
    /// Tells the agent, and waits until it has gone.
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

    /// An agent is connected, until the other end of `commands` is dropped. A later one of the same workspace takes its
    /// place. Returns the number of this one, and why the run of the workspace ends.
    pub(super) fn agent(&self, name: &str, commands: mpsc::Sender<Coordination>) -> (u64, RunCause) {
        let id = self.next_id();
        let mut workspaces = self.lock();
        let workspace = workspaces.entry(name.to_owned()).or_insert_with(|| Workspace::new(&self.shutdown));
        workspace.agent = Some(Agent { id, node: None, commands });
        (id, workspace.cause.clone())
    }

    /// The agent with this number says where it is.
    pub(super) fn agent_is_at(&self, name: &str, id: u64, node: Node) {
        let mut workspaces = self.lock();
        let agent = workspaces.get_mut(name).and_then(|workspace| workspace.agent.as_mut());
        if let Some(agent) = agent.filter(|agent| agent.id == id) {
            agent.node = Some(node);
        }
    }

    /// A client is connected, until the other end of `stopping` is dropped.
    pub(super) fn client(&self, name: &str, stopping: mpsc::Sender<Stopping>) {
        // It was there when the client was let in.
        if let Some(workspace) = self.lock().get_mut(name) {
            workspace.clients.retain(|client| !client.is_closed());
            workspace.clients.push(stopping);
        }
    }

    /// Where the agent of a workspace is, if there is one.
    pub(super) fn node(&self, name: &str) -> Option<Node> {
        self.lock().get(name)?.agent()?.node.clone()
    }

    /// Why the run of this workspace ends, once it does.
    pub(super) fn cause(&self, name: &str) -> RunCause {
        self.lock().get(name).map(|workspace| workspace.cause.clone()).unwrap_or_default()
    }

    /// Asks the agent of a workspace for the other leg of a relayed path. `None` where there is no agent.
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

    /// The agent has dialled a leg that somebody waits for.
    pub(super) fn leg_arrived(&self, id: u64, socket: Socket) {
        if let Some(waiting) = lock(&self.legs).remove(&id) {
            let _ = waiting.send(socket);
        }
    }

    /// Stops or deletes a workspace: nothing new comes up from here on. What lives is still to be told.
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

    /// Starts a workspace that was stopped: its agent is let in again.
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
