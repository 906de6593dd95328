//! A client's control plane: where the agent is, and why a workspace stops. It lives beside the data path.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use disconnect_core::{BoxedGuard, DisconnectCause, DisconnectInitiator, disconnected};
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
    /// Where the agent is.
    pub(super) node: Node,
    leaving: CancellationToken,
    task: JoinHandle<()>,
}

impl Control {
    /// Connects, and waits until the server has said where the agent is.
    pub(super) async fn connect(client: &Arc<Client>) -> Result<Self, Unconnected> {
        let (leaving, (welcome, welcomed)) = (CancellationToken::new(), oneshot::channel());
        let plane = Plane::dial(client, Some(welcome), &mut Outage::default()).await?;
        let ended = plane.guard.handle();
        let task = tokio::spawn(keep(plane, leaving.clone()));
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

    /// Says goodbye, and waits for the server's, but not for long.
    pub(super) async fn goodbye(self) {
        self.leaving.cancel();
        let _ = self.task.await;
    }
}

/// Attends to one connection after the other. Without a welcome there is nothing to come back for.
async fn keep(mut plane: Plane, leaving: CancellationToken) {
    let client = plane.client.clone();
    while plane.attend(&leaving).await && client.stopped.get().is_none() {
        match redial(&client, &leaving).await {
            Some(next) => plane = next,
            None => return,
        }
    }
}

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Dials until there is a connection, or until nobody needs one any more.
async fn redial(client: &Arc<Client>, leaving: &CancellationToken) -> Option<Plane> {
    let (mut pause, mut outage) = (Duration::from_millis(100), Outage::default());
    outage.begin();
    loop {
        tokio::select! {
            () = sleep(pause) => {}
            () = leaving.cancelled() => return None,
        }
        // No connection, no disconnect: a dial that fails is followed by the next.
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
    guard: BoxedGuard,
    client: Arc<Client>,
    /// Who waits for the server's first message: of a later connection nobody does.
    welcome: Option<oneshot::Sender<Node>>,
}

impl Plane {
    async fn dial(
        client: &Arc<Client>,
        welcome: Option<oneshot::Sender<Node>>,
        outage: &mut Outage,
    ) -> Result<Self, Unconnected> {
        let socket = client.dial("client").await.inspect_err(|_| {
            outage.failed();
        })?;
        let (attempts, outage_ms) = outage.over().unzip();
        let workspace = &client.options.target.workspace;
        info!(workspace, client_session_id = client.id, attempts, outage_ms, "control plane connected");
        let link = Link::new(socket, client.options.timing.heartbeat());
        Ok(Self { link, guard: guard(client), client: client.clone(), welcome })
    }

    /// Follows the server until the connection is lost, or the client leaves: returns whether it was welcome.
    async fn attend(mut self, leaving: &CancellationToken) -> bool {
        loop {
            let heard = tokio::select! {
                message = self.link.next() => match message {
                    Ok(ToClient::Goodbye) => Err(LinkError::Malformed("an answer to no goodbye".to_owned())),
                    Ok(message) => self.hear(message).await,
                    Err(error) => Err(error),
                },
                () = leaving.cancelled() => {
                    self.leave().await;
                    return false;
                }
            };
            if let Err(error) = heard {
                let is_welcome = self.welcome.is_none();
                self.lost(&error).await;
                return is_welcome;
            }
        }
    }

    async fn hear(&mut self, message: ToClient) -> Result<(), LinkError> {
        match message {
            ToClient::Agent(node) => drop(self.welcome.take().map(|welcome| welcome.send(node))),
            ToClient::Stopping(build) => {
                // Before the answer: from then on the agent may close.
                self.client.stopped.set_with(workspace_stopped(), build);
                self.link.send(&FromClient::Noted).await?;
            }
            ToClient::Goodbye => {}
        }
        Ok(())
    }

    /// The connection ended before the client wanted to leave, or instead of an answer to its goodbye.
    async fn lost(self, error: &LinkError) {
        if self.client.has_path.load(Ordering::Relaxed) {
            self.guard.set_endpoint(CLIENT_BESIDE_SESSION);
        }
        self.guard.failed(error);
        self.link.close(&self.guard.finish(), None).await;
    }

    /// Leaves. The goodbye is the end only once it is answered: it may meet a connection that was lost before.
    async fn leave(mut self) {
        self.guard.on_drop(CLIENT_FACING_SERVER.closed_locally());
        let client = self.client.clone();
        let answered = client.bounded(BY_SERVER, self.say_goodbye()).await;
        if let Ok(Err(error)) = answered {
            return self.lost(&error).await;
        }
        self.guard.set(CLIENT_FACING_SERVER.closed_locally());
        if let Err(elapsed) = answered {
            self.guard.failed(&elapsed);
        }
        let end = self.guard.finish();
        let _ = client.bounded(BY_SERVER, self.link.close(&end, None)).await;
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

/// Where the client leaves, it does not come back; after all other ends it does.
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
