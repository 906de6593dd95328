//! Stop, start and delete of a workspace.

use std::pin::pin;

use disconnect_core::{Disconnect, DisconnectGuard, disconnected};
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::info;

use crate::ends::{SERVER_FACING_CLIENT, workspace_stopped};
use crate::wire::message::{Build, Managed};
use crate::wire::{Link, LinkError, Socket};

use super::Server;
use super::workspaces::{Stop, Stopping};

/// The builds of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    Start,
    Stop,
    Delete,
}

impl Transition {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Delete => "delete",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Start, Self::Stop, Self::Delete].into_iter().find(|transition| transition.as_str() == text)
    }
}

/// Handles the request, and answers.
pub(super) async fn serve(server: &Server, socket: Socket, workspace: &str, transition: Transition, reason: String) {
    let (name, entry) = (workspace.to_owned(), server.connections.begin("manage", workspace, None));
    let guard = DisconnectGuard::new(SERVER_FACING_CLIENT, move |end: &Disconnect| {
        entry.end(end);
        disconnected!(level: DEBUG, end, workspace = name, "management connection closed");
    })
    .under(&server.shutdown);
    let ended = guard.handle();

    let mut link: Link<Managed, ()> = Link::new(socket, server.timing.heartbeat);
    let mut managing = pin!(manage(server, workspace, transition, reason));
    let answering = async |_| -> Result<_, LinkError> {
        tokio::select! {
            answer = &mut managing => link.send(&answer).await?,
            error = gone(&mut link) => {
                // A build that began is completed, even if the client does not wait for the answer.
                managing.await;
                return Err(error);
            }
        }
        Ok(SERVER_FACING_CLIENT.closed_locally())
    };
    // The error is already in the line.
    let _ = guard.run(answering).await;
    link.close(&ended.so_far(), None).await;
}

/// Answers the client's pings until the client has left. The client sends nothing else.
async fn gone(link: &mut Link<Managed, ()>) -> LinkError {
    loop {
        if let Err(error) = link.next().await {
            return error;
        }
    }
}

async fn manage(server: &Server, workspace: &str, transition: Transition, reason: String) -> Managed {
    let done = match transition {
        Transition::Start => server.workspaces.start(workspace, reason),
        Transition::Stop | Transition::Delete => match server.workspaces.stop(workspace, transition, reason) {
            Ok(stop) => Ok(carry_out(server, stop).await),
            Err(why) => Err(why),
        },
    };
    let answer = done.map_or_else(|why| Managed::Refused(why.to_owned()), Managed::Done);
    info!(workspace, ?answer, "workspace managed");
    answer
}

/// Publishes the reason to all connections before anything is closed. Only then the agent closes its sessions.
async fn carry_out(server: &Server, stop: Stop) -> Build {
    let build = stop.build.clone();
    stop.cause.set_with(workspace_stopped(), build.clone());
    let tell = stop.clients.iter().map(async |client| {
        let (noted, noting) = oneshot::channel();
        // A client that has left confirms nothing.
        if client.send(Stopping { build: build.clone(), noted }).await.is_ok() {
            let _ = noting.await;
        }
    });
    let _ = timeout(server.timing.goodbye, join_all(tell)).await;
    let _ = timeout(server.timing.goodbye * 2, stop.send_agent_away()).await;
    build
}
