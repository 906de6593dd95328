//! The agent's main loop: one connection to the server after the other, and what the server asks for.

use std::iter;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Disconnect, DisconnectCode, DisconnectGuard, disconnected};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::cli::AgentOptions;
use crate::ends::{AGENT_BESIDE_SESSIONS, AGENT_FACING_SERVER, workspace_stopped};
use crate::wire::dial::Outage;
use crate::wire::message::{Build, FromAgent, Node, RelayLeg};
use crate::wire::{DialError, Dialer, Link, LinkError, OwnCode, Socket};

use super::run::{Run, Runs};
use super::ssh::{Path, Service};
use super::streams::{Asked, Incoming, Streams};

/// The main loop.
pub(super) struct Control {
    options: AgentOptions,
    dialer: Dialer,
    node: Node,
    runs: Arc<Runs>,
    service: Arc<Service>,
    /// Runs that are ending.
    leaving: TaskTracker,
}

/// What comes after a connection.
enum Next {
    Dial,
    Exit,
    /// Another agent serves this workspace now.
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

    /// Keeps a connection to the server until `stop`, or until the workspace is deleted, and ends what still runs then.
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
                // No connection, no disconnect.
                Err(error) => {
                    if outage.failed() {
                        info!(%error, "cannot reach coderd, retrying");
                    }
                    // It was stopped while nobody could tell this agent.
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

    /// Ends the sessions, where there is no connection to the server.
    async fn end_run(&self, why: Verdict) {
        if let Some(run) = self.runs.stop() {
            run.end(why, None).await;
        }
    }

    /// One connection, from the server's answer to its line.
    async fn connection(&self, socket: Socket, stop: Pin<&mut impl Future<Output = ()>>) -> Next {
        let (workspace, run) = (self.options.target.workspace.clone(), self.runs.start());
        let guard = DisconnectGuard::new(AGENT_FACING_SERVER, move |end: &Disconnect| {
            disconnected!(end, workspace, "disconnected from coderd");
        })
        .under(&run.shutdown);
        let mut link = Link::new(socket, self.options.timing.heartbeat());
        let mut streams = Streams::open(&self.options, self.node.clone(), &guard.handle());

        let mut next = Next::Dial;
        let talked = self.talk(&run, &mut link, &mut streams, &mut next, stop).await;
        // What the streams were told came before the end of the connection.
        let without_end = streams.finish().await;
        if let Err(error) = &talked {
            if !run.tasks.is_empty() {
                guard.set_endpoint(AGENT_BESIDE_SESSIONS);
                for stream in &without_end {
                    stream.set_endpoint(AGENT_BESIDE_SESSIONS);
                }
            }
            guard.failed(error);
        }
        drop(without_end);
        let end = guard.finish();
        link.close(&end, run.build(&end)).await;
        match talked {
            // To dial again would displace that one in turn.
            Err(LinkError::Closed(closed)) if closed.code == OwnCode::Replaced.code() => Next::Yield,
            Ok(()) | Err(_) => next,
        }
    }

    /// Moves messages between the connection and its streams until this side has to close it.
    async fn talk(
        &self,
        run: &Arc<Run>,
        link: &mut Link<FromAgent, Incoming>,
        streams: &mut Streams,
        next: &mut Next,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), LinkError> {
        loop {
            tokio::select! {
                message = link.next() => streams.take(message?),
                Some(message) = streams.outgoing.recv() => link.send(&message).await?,
                Some(asked) = streams.asked.recv() => match asked {
                    Asked::Relay(leg) => self.relay(leg, run.clone()),
                    Asked::Stop(build) => {
                        info!(build_id = build.build_id, transition = build.transition, "workspace stopped");
                        self.leave(workspace_stopped(), Some(build), streams);
                    }
                },
                () = stop.as_mut(), if matches!(next, Next::Dial) => {
                    *next = Next::Exit;
                    self.leave(Verdict::going_away(Side::Local), None, streams);
                }
                () = streams.goodbye.said.cancelled() => return Ok(()),
                () = streams.failed.cancelled() => return Ok(()),
            }
        }
    }

    /// Says why to everything that runs, closes it, and then lets the coordination stream say goodbye.
    fn leave(&self, why: Verdict, build: Option<Build>, streams: &Streams) {
        let (run, goodbye) = (self.runs.stop(), streams.goodbye.say.clone());
        self.leaving.spawn(async move {
            if let Some(run) = run {
                run.end(why, build).await;
            }
            goodbye.cancel();
        });
    }

    /// Dials the other leg of a relayed path, and serves what comes through it.
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

/// The longest pause between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The pauses between attempts.
fn waits() -> impl Iterator<Item = Duration> {
    iter::successors(Some(Duration::from_millis(50)), |wait| Some((*wait * 2).min(LONGEST_WAIT)))
}
