//! An agent's control plane on the server.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Disconnect, DisconnectGuard, DisconnectHandle, disconnected};
use tokio::sync::mpsc;
use tracing::info;

use crate::ends::SERVER_FACING_AGENT;
use crate::wire::message::{AgentNode, Coordination, DerpMap, FromAgent, Subscription, ToAgent};
use crate::wire::{Link, LinkError, OwnCode, Socket};

use super::Server;

/// The name of the only relay: this server.
const RELAY: &str = "derp-1";

/// Serves an agent until its connection ends.
pub(super) async fn serve(server: &Server, socket: Socket, workspace: String) {
    let (commands, mut asked) = mpsc::channel(16);
    let (id, cause) = server.workspaces.agent(&workspace, commands);
    info!(workspace, "agent connected");

    let (name, of_run) = (workspace.clone(), cause.clone());
    let entry = server.connections.begin("agent", &workspace, None);
    let guard = DisconnectGuard::new(SERVER_FACING_AGENT, move |end: &Disconnect| {
        entry.end(end);
        disconnected!(
            end,
            group(of_run.context(end) => build_id, build_reason, transition),
            workspace = name,
            "agent disconnected"
        );
    })
    .under(&cause);

    let ended = guard.handle();
    let mut link = Link::new(socket, server.timing.heartbeat);
    // The error is already in the line.
    let _ = guard.run(|ended| talk(server, &mut link, (&workspace, id), &mut asked, ended)).await;
    let end = ended.so_far();
    link.close(&end, cause.context(&end)).await;
}

/// Serves both streams until this side closes the connection. Returns the end.
async fn talk(
    server: &Server,
    link: &mut Link<ToAgent, FromAgent>,
    (workspace, id): (&str, u64),
    asked: &mut mpsc::Receiver<Coordination>,
    ended: DisconnectHandle,
) -> Result<Disconnect, LinkError> {
    loop {
        tokio::select! {
            message = link.next() => match message? {
                FromAgent::Coordination(AgentNode::At(node)) => server.workspaces.agent_is_at(workspace, id, node),
                FromAgent::Coordination(AgentNode::Goodbye) => {
                    ended.set(SERVER_FACING_AGENT.resolve(Verdict::going_away(Side::Remote)));
                    link.send(&ToAgent::Coordination(Coordination::Goodbye)).await?;
                }
                FromAgent::DerpMap(Subscription::Subscribe) => {
                    link.send(&ToAgent::DerpMap(DerpMap::Relays(vec![RELAY.to_owned()]))).await?;
                }
            },
            command = asked.recv() => {
                let Some(command) = command else {
                    // A newer agent of this workspace replaced this one.
                    return Ok(SERVER_FACING_AGENT.sent(OwnCode::Replaced));
                };
                link.send(&ToAgent::Coordination(command)).await?;
            }
            () = server.closing.cancelled() => {
                link.send(&ToAgent::Coordination(Coordination::Goodbye)).await?;
                link.send(&ToAgent::DerpMap(DerpMap::Goodbye)).await?;
                return Ok(SERVER_FACING_AGENT.shutting_down());
            }
        }
    }
}
