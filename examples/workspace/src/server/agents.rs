//! An agent's control plane, as the server sees it.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Disconnect, DisconnectCause, DisconnectGuard, DisconnectHandle, DisconnectReason, Endpoint};
use tokio::sync::mpsc;
use tracing::info;

use crate::ends::CLASSIFIER;
use crate::line::disconnected_with;
use crate::wire::link::REPLACED;
use crate::wire::message::{AgentNode, Coordination, DerpMap, FromAgent, Subscription, ToAgent};
use crate::wire::tunnel::GOING_AWAY;
use crate::wire::{Link, LinkError, Socket};

use super::Server;
use super::workspaces::AgentPlace;

const END: Endpoint = Endpoint::SERVER_FACING_AGENT;

/// The name of the only relay: this server.
const RELAY: &str = "derp-1";

/// Serves an agent until its connection ends.
pub(super) async fn serve(server: &Server, socket: Socket, workspace: String) {
    let (commands, asked) = mpsc::channel(16);
    let place = server.workspaces.agent(&workspace, commands);
    info!(workspace, "agent connected");

    let (name, cause) = (workspace.clone(), place.cause.clone());
    let entry = server.connections.begin("agent", &workspace, None);
    let guard = DisconnectGuard::new(END, move |end: &Disconnect| {
        entry.end(end);
        disconnected_with!(cause.context(end).and_then(Option::as_ref), end, workspace = name, "agent disconnected");
    })
    .under(&place.cause);

    let mut link = Link::new(socket, server.timing.heartbeat());
    let ended = guard.handle();
    match talk(server, &mut link, &place, asked, &ended).await {
        Ok(code) => {
            drop(guard);
            link.close(code).await;
        }
        Err(error) => drop(ended.set(END.failed(&CLASSIFIER, &error))),
    }
}

/// Both streams, until one side has said the last goodbye: returns the code to close with.
async fn talk(
    server: &Server,
    link: &mut Link<ToAgent, FromAgent>,
    place: &AgentPlace<'_>,
    mut asked: mpsc::Receiver<Coordination>,
    ended: &DisconnectHandle,
) -> Result<u16, LinkError> {
    loop {
        tokio::select! {
            message = link.next() => match message? {
                FromAgent::Coordination(AgentNode::At(node)) => place.is_at(node),
                FromAgent::Coordination(AgentNode::Goodbye) => {
                    ended.set(END.resolve(Verdict::going_away(Side::Remote)));
                    link.send(&ToAgent::Coordination(Coordination::Goodbye)).await?;
                }
                FromAgent::DerpMap(Subscription::Subscribe) => {
                    link.send(&ToAgent::DerpMap(DerpMap::Relays(vec![RELAY.to_owned()]))).await?;
                }
            },
            command = asked.recv() => {
                let Some(command) = command else {
                    // A newer agent of this workspace has taken the place.
                    ended.set(END.ended(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::Replaced));
                    return Ok(REPLACED);
                };
                link.send(&ToAgent::Coordination(command)).await?;
            }
            () = server.closing.cancelled() => {
                link.send(&ToAgent::Coordination(Coordination::Goodbye)).await?;
                link.send(&ToAgent::DerpMap(DerpMap::Goodbye)).await?;
                return Ok(GOING_AWAY);
            }
        }
    }
}
