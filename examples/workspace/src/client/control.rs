//! A client's control plane: the agent's address, and the reason of a stop. It runs in parallel to the data path.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use disconnect_core::{BoxedGuard, Disconnect, DisconnectCause, DisconnectHandle, DisconnectInitiator, disconnected};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::ends::{CLIENT_BESIDE_SESSION, CLIENT_FACING_SERVER, workspace_stopped};
use crate::told;
use crate::wire::dial::Outage;
use crate::wire::message::{FromClient, Node, ToClient};
use crate::wire::{Link, LinkError};

use super::{BY_SERVER, Client, Unconnected};

/// The control plane: one connection after the other, until the client says goodbye.
pub(super) struct Control {
    /// The agent's address.
    pub(super) node: Node,
    leaving: CancellationToken,
    task: JoinHandle<()>,
}

impl Control {
    /// Connects, and waits until the server has sent the agent's address.
    pub(super) async fn connect(client: &Arc<Client>) -> Result<Self, Unconnected> {
        let (leaving, (welcome, welcomed)) = (CancellationToken::new(), oneshot::channel());
        let (plane, guard) = Plane::dial(client, Some(welcome), &mut Outage::default()).await?;
        let ended = guard.handle();
        let task = tokio::spawn(keep(plane, guard, leaving.clone()));
        tokio::select! {
            node = welcomed => if let Ok(node) = node {
                return Ok(Self { node, leaving, task });
            },
            () = client.interrupted.cancelled() => {}
        }
        leaving.cancel();
        let _ = task.await;
        Err(match ended.get() {
            Some(end) => Unconnected::Ended(told::why(&end, client.build(&end))),
            None => Unconnected::Interrupted,
        })
    }

    /// Says goodbye, and waits for the server's goodbye for a limited time.
    pub(super) async fn goodbye(self) {
        self.leaving.cancel();
        let _ = self.task.await;
    }
}

/// Serves one connection after the other. If the first message never arrived, it does not reconnect.
async fn keep(mut plane: Plane, mut guard: BoxedGuard, leaving: CancellationToken) {
    let client = plane.client.clone();
    while plane.attend(guard, &leaving).await && client.stopped.get().is_none() {
        match redial(&client, &leaving).await {
            Some(next) => (plane, guard) = next,
            None => return,
        }
    }
}

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Dials until a connection is up, or until it is no longer needed.
async fn redial(client: &Arc<Client>, leaving: &CancellationToken) -> Option<(Plane, BoxedGuard)> {
    let (mut pause, mut outage) = (Duration::from_millis(100), Outage::default());
    outage.begin();
    loop {
        tokio::select! {
            () = sleep(pause) => {}
            () = leaving.cancelled() => return None,
        }
        // A failed dial is not a disconnect. The next dial follows.
        tokio::select! {
            plane = Plane::dial(client, None, &mut outage) => if let Ok(plane) = plane {
                return Some(plane);
            },
            () = leaving.cancelled() => return None,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One connection of the control plane.
struct Plane {
    link: Link<FromClient, ToClient>,
    client: Arc<Client>,
    /// The task that waits for the server's first message. For later connections there is none.
    welcome: Option<oneshot::Sender<Node>>,
}

impl Plane {
    async fn dial(
        client: &Arc<Client>,
        welcome: Option<oneshot::Sender<Node>>,
        outage: &mut Outage,
    ) -> Result<(Self, BoxedGuard), Unconnected> {
        let socket = client.dial("client").await.inspect_err(|_| {
            outage.failed();
        })?;
        let (attempts, outage_ms) = outage.over().unzip();
        let workspace = &client.options.target.workspace;
        info!(workspace, client_session_id = client.id, attempts, outage_ms, "control plane connected");
        let link = Link::new(socket, client.options.timing.heartbeat);
        Ok((Self { link, client: client.clone(), welcome }, guard(client)))
    }

    /// Serves a connection until it is lost or the client leaves. Returns whether to reconnect.
    async fn attend(mut self, guard: BoxedGuard, leaving: &CancellationToken) -> bool {
        let connection = guard.handle();
        let followed = guard
            .run(async |ended| {
                let followed = self.follow(leaving, &ended).await;
                if followed.is_err() && self.client.has_path.load(Ordering::Relaxed) {
                    ended.set_endpoint(CLIENT_BESIDE_SESSION);
                }
                followed
            })
            .await;
        let _ = self.client.bounded(BY_SERVER, self.link.close(&connection.so_far(), None)).await;
        followed.is_err() && self.welcome.is_none()
    }

    async fn follow(&mut self, leaving: &CancellationToken, ended: &DisconnectHandle) -> Result<Disconnect, LinkError> {
        loop {
            tokio::select! {
                message = self.link.next() => match message? {
                    ToClient::Goodbye => return Err(LinkError::Malformed("an answer to no goodbye".to_owned())),
                    message @ (ToClient::Agent(_) | ToClient::Stopping(_)) => self.hear(message).await?,
                },
                () = leaving.cancelled() => break,
            }
        }
        // Record the end only after the answer: the connection may have been lost before the goodbye.
        let client = self.client.clone();
        match client.bounded(BY_SERVER, self.say_goodbye()).await {
            Ok(said) => said?,
            Err(elapsed) => {
                ended.set(CLIENT_FACING_SERVER.closed_locally());
                ended.failed(&elapsed);
            }
        }
        Ok(CLIENT_FACING_SERVER.closed_locally())
    }

    async fn hear(&mut self, message: ToClient) -> Result<(), LinkError> {
        match message {
            ToClient::Agent(node) => drop(self.welcome.take().map(|welcome| welcome.send(node))),
            ToClient::Stopping(build) => {
                // Before the answer, because the agent may close after it.
                self.client.stopped.set_with(workspace_stopped(), build);
                self.link.send(&FromClient::Noted).await?;
            }
            ToClient::Goodbye => {}
        }
        Ok(())
    }

    async fn say_goodbye(&mut self) -> Result<(), LinkError> {
        self.link.send(&FromClient::Goodbye).await?;
        loop {
            match self.link.next().await? {
                ToClient::Goodbye => return Ok(()),
                message @ (ToClient::Agent(_) | ToClient::Stopping(_)) => self.hear(message).await?,
            }
        }
    }
}

/// If the client leaves, it does not reconnect. After every other end it does.
fn guard(client: &Arc<Client>) -> BoxedGuard {
    let of = client.clone();
    BoxedGuard::boxed(CLIENT_FACING_SERVER, move |end| {
        let (workspace, client_session_id) = (&of.options.target.workspace, &of.id);
        if end.initiator_as() != Some(DisconnectInitiator::Client) {
            disconnected!(end, workspace, client_session_id, "connection closed, retrying");
        } else if end.cause_as() == Some(DisconnectCause::Deadline) {
            disconnected!(level: WARN, end, workspace, client_session_id, "coordination closed");
        } else {
            disconnected!(level: DEBUG, end, workspace, client_session_id, "coordination closed");
        }
    })
}
