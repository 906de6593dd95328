//! The agent's main loop: its connections to the server, one after the other, their two streams, and the server's
//! requests.

use std::iter;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    BoxedGuard, Disconnect, DisconnectCause, DisconnectCode, DisconnectGuard, DisconnectHandle, disconnected,
};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::cli::AgentOptions;
use crate::ends::{AGENT_BESIDE_SESSIONS, AGENT_FACING_SERVER, workspace_stopped};
use crate::wire::dial::Outage;
use crate::wire::message::{AgentNode, Build, Coordination, DerpMap, FromAgent, Node, RelayLeg, Subscription, ToAgent};
use crate::wire::{DialError, Dialer, Link, LinkError, OwnCode, Socket};

use super::run::{Run, Runs};
use super::ssh::{Path, Service};

/// The main loop.
pub(super) struct Control {
    options: AgentOptions,
    dialer: Dialer,
    node: Node,
    runs: Arc<Runs>,
    service: Arc<Service>,
    /// Runs that are stopping.
    leaving: TaskTracker,
}

/// What the main loop does after a connection.
enum Next {
    Dial,
    Exit,
    /// Another agent replaced this one.
    Yield,
}

impl Control {
    pub(super) fn new(
        options: AgentOptions,
        dialer: Dialer,
        node: Node,
        runs: Arc<Runs>,
        service: Arc<Service>,
    ) -> Self {
        Self { options, dialer, node, runs, service, leaving: TaskTracker::new() }
    }

    /// Keeps a connection to the server until `stop` resolves or the workspace is deleted. Then it ends everything
    /// that still runs.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) -> ExitCode {
        let code = self.keep(stop).await;
        self.end_run(Verdict::going_away(Side::Local)).await;
        self.leaving.close();
        self.leaving.wait().await;
        code
    }

    async fn keep(&self, stop: impl Future<Output = ()>) -> ExitCode {
        let mut stop = std::pin::pin!(stop);
        let (mut waits, mut outage) = (waits(), Outage::default());
        loop {
            let dialled = tokio::select! {
                dialled = self.dial() => dialled,
                () = &mut stop => return ExitCode::SUCCESS,
            };
            match dialled {
                Ok(socket) => {
                    waits = self::waits();
                    let (attempts, outage_ms) = outage.over().unzip();
                    info!(workspace = self.options.target.workspace, attempts, outage_ms, "connected to coderd");
                    match self.connection(socket, stop.as_mut()).await {
                        Next::Dial => outage.begin(),
                        Next::Exit => return ExitCode::SUCCESS,
                        Next::Yield => {
                            warn!("another agent of this workspace took the place of this one");
                            return ExitCode::FAILURE;
                        }
                    }
                }
                Err(DialError::Refused(StatusCode::GONE)) => {
                    warn!("the workspace was deleted");
                    self.end_run(workspace_stopped()).await;
                    return ExitCode::SUCCESS;
                }
                // The connection never came up, so there is no disconnect.
                Err(error) => {
                    if outage.failed() {
                        info!(%error, "cannot reach coderd, retrying");
                    }
                    // The workspace was stopped while this agent was not connected.
                    if let DialError::Refused(StatusCode::CONFLICT) = error {
                        self.end_run(workspace_stopped()).await;
                    }
                }
            }
            tokio::select! {
                () = sleep(waits.next().unwrap_or(LONGEST_WAIT)) => {}
                () = &mut stop => return ExitCode::SUCCESS,
            }
        }
    }

    async fn dial(&self) -> Result<Socket, DialError> {
        self.dialer.dial(&format!("/agent/{}", self.options.target.workspace)).await
    }

    /// Ends the sessions if there is no connection to the server.
    async fn end_run(&self, why: Verdict) {
        if let Some(run) = self.runs.stop() {
            run.shutdown.set_with(why, None);
            run.close().await;
        }
    }

    /// Serves one connection, from the server's answer until its line is written.
    async fn connection(&self, socket: Socket, stop: Pin<&mut impl Future<Output = ()>>) -> Next {
        let (workspace, run) = (self.options.target.workspace.clone(), self.runs.start());
        let guard = DisconnectGuard::new(AGENT_FACING_SERVER, move |end: &Disconnect| {
            disconnected!(end, workspace, "disconnected from coderd");
        })
        .under(&run.shutdown);
        let (mut link, mut next) = (Link::new(socket, self.options.timing.heartbeat), Next::Dial);
        let connection = guard.handle();
        let talked = guard
            .run(async |ended| {
                let [mut coordination, mut derp_map] =
                    ["coordination", "derp map"].map(|name| Some(self.stream(name, &ended)));
                let talked = self.talk(&run, &mut link, [&mut coordination, &mut derp_map], &mut next, stop).await;
                if talked.is_err() && !run.tasks.is_empty() {
                    ended.set_endpoint(AGENT_BESIDE_SESSIONS);
                    for stream in [&coordination, &derp_map].into_iter().flatten() {
                        stream.set_endpoint(AGENT_BESIDE_SESSIONS);
                    }
                }
                // The end of the connection also ends its streams. Their lines are written first.
                talked.inspect_err(|error| drop(ended.failed(error))).map(|()| ended.so_far())
            })
            .await;
        let end = connection.so_far();
        link.close(&end, run.build(&end)).await;
        match talked {
            // Do not dial again: that would displace the other agent in turn.
            Err(LinkError::Closed(closed)) if closed.code == OwnCode::Replaced.code() => Next::Yield,
            Ok(_) | Err(_) => next,
        }
    }

    /// Serves one of the two streams of a connection. The stream ends with the connection, unless the server ended
    /// the stream before.
    fn stream(&self, name: &'static str, connection: &DisconnectHandle) -> BoxedGuard {
        let workspace = self.options.target.workspace.clone();
        BoxedGuard::boxed(AGENT_FACING_SERVER, move |end| {
            if end.expected() && end.cause_as() == Some(DisconnectCause::Deadline) {
                disconnected!(level: WARN, end, workspace, "disconnected from {name} RPC");
            } else {
                disconnected!(level: DEBUG, end, workspace, "disconnected from {name} RPC");
            }
        })
        .under(connection)
    }

    /// Opens both streams, handles the server's requests, and finally says goodbye.
    async fn talk(
        &self,
        run: &Arc<Run>,
        link: &mut Link<FromAgent, ToAgent>,
        [coordination, derp_map]: [&mut Option<BoxedGuard>; 2],
        next: &mut Next,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), LinkError> {
        link.send(&FromAgent::Coordination(AgentNode::At(self.node.clone()))).await?;
        info!("coordination stream is up");
        link.send(&FromAgent::DerpMap(Subscription::Subscribe)).await?;
        let all_ended = CancellationToken::new();
        loop {
            tokio::select! {
                message = link.next() => match message? {
                    ToAgent::Coordination(Coordination::Relay(leg)) => self.relay(leg, run.clone()),
                    ToAgent::Coordination(Coordination::Stop(build)) => {
                        info!(build_id = build.build_id, transition = build.transition, "workspace stopped");
                        self.leave(workspace_stopped(), Some(build), &all_ended);
                    }
                    ToAgent::Coordination(Coordination::Goodbye) => said_goodbye(coordination),
                    ToAgent::DerpMap(DerpMap::Relays(relays)) => info!(relays = relays.len(), "relay map received"),
                    ToAgent::DerpMap(DerpMap::Goodbye) => said_goodbye(derp_map),
                },
                () = stop.as_mut(), if matches!(next, Next::Dial) => {
                    *next = Next::Exit;
                    self.leave(Verdict::going_away(Side::Local), None, &all_ended);
                }
                () = all_ended.cancelled() => break,
            }
        }
        // The end reason is that of the run. If the goodbye is not answered in time, the guard adds the cause.
        match timeout(self.options.timing.goodbye, say_goodbye(link)).await {
            Ok(said) => said?,
            Err(elapsed) => drop(coordination.as_ref().map(|stream| stream.failed(&elapsed))),
        }
        Ok(())
    }

    /// Records the end reason for everything that runs, and closes it. A connection that is already ending keeps its
    /// first reason.
    fn leave(&self, why: Verdict, build: Option<Build>, all_ended: &CancellationToken) {
        let Some(run) = self.runs.stop() else { return };
        let all_ended = all_ended.clone();
        // Record the reason before anything else can end the connection.
        run.shutdown.set_with(why, build);
        self.leaving.spawn(async move {
            run.close().await;
            all_ended.cancel();
        });
    }

    /// Dials the second leg of a relayed data path, and serves the connection that arrives through it.
    fn relay(&self, leg: RelayLeg, run: Arc<Run>) {
        let (dialer, service) = (self.dialer.clone(), self.service.clone());
        run.clone().tasks.spawn(async move {
            match run.closing.run_until_cancelled(dialer.dial(&format!("/relay-leg/{}", leg.id))).await {
                Some(Ok(socket)) => {
                    let path = Path::Relayed { socket, client_session_id: leg.client_session_id };
                    service.serve(path, run).await;
                }
                Some(Err(error)) => info!(%error, "the relayed path did not come up"),
                None => {}
            }
        });
    }
}

/// The server ends a stream.
fn said_goodbye(stream: &mut Option<BoxedGuard>) {
    if let Some(stream) = stream.take() {
        stream.set(AGENT_FACING_SERVER.closed_by_peer());
    }
}

/// Says goodbye, and waits for the server's answer.
async fn say_goodbye(link: &mut Link<FromAgent, ToAgent>) -> Result<(), LinkError> {
    link.send(&FromAgent::Coordination(AgentNode::Goodbye)).await?;
    while !matches!(link.next().await?, ToAgent::Coordination(Coordination::Goodbye)) {}
    Ok(())
}

/// The longest pause between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The pauses between attempts.
fn waits() -> impl Iterator<Item = Duration> {
    iter::successors(Some(Duration::from_millis(50)), |wait| Some((*wait * 2).min(LONGEST_WAIT)))
}
