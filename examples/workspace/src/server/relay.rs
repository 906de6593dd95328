//! The relay: a data path between two legs, as the server sees it.

use disconnect_core::{ConnectionMethod, Disconnect, DisconnectGuard, Endpoint, disconnected};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tracing::info;

use crate::ends::{RELAY_FACING_AGENT, RELAY_FACING_CLIENT};
use crate::wire::link::close;
use crate::wire::tunnel::{GOING_AWAY, LOST, NORMAL, TRY_AGAIN_LATER, bytes};
use crate::wire::{LinkError, Socket};

use super::Server;
use super::route::Client;

/// Relays between a client and the agent of its workspace until one of the legs ends.
pub(super) async fn serve(server: &Server, mut to_client: Socket, client: Client) {
    let leg = server.workspaces.leg(&client.workspace, client.client_session_id.clone());
    let Ok(Some(mut to_agent)) = timeout(server.timing.goodbye(), leg).await else {
        // The path did not come up.
        return close(&mut to_client, TRY_AGAIN_LATER).await;
    };
    let Client { workspace, client_session_id } = client;
    info!(workspace, client_session_id, "relaying");

    let cause = server.workspaces.cause(&workspace);
    let entry = server.connections.begin("relay", &workspace, Some(&client_session_id));
    let of_run = cause.clone();
    let guard = DisconnectGuard::new(RELAY_FACING_CLIENT, move |end: &Disconnect| {
        entry.end(end);
        disconnected!(
            end,
            group(of_run.context(end) => build_id, build_reason, transition),
            workspace,
            client_session_id,
            "relayed connection closed"
        );
    })
    .under(&cause);
    guard.set_method(ConnectionMethod::Derp);

    let code = tokio::select! {
        (leg, error) = splice(&mut to_client, &mut to_agent) => {
            guard.set_endpoint(leg);
            guard.failed(&error);
            // What agent and client have to say to each other, they have said inside.
            if guard.get().is_some_and(|end| end.expected()) { NORMAL } else { LOST }
        }
        () = server.closing.cancelled() => GOING_AWAY,
    };
    drop(guard);
    tokio::join!(close(&mut to_client, code), close(&mut to_agent, code));
}

/// Moves bytes until a leg ends: returns our end of that leg, and how it ended.
async fn splice(to_client: &mut Socket, to_agent: &mut Socket) -> (Endpoint, LinkError) {
    let (client, agent) = (RELAY_FACING_CLIENT, RELAY_FACING_AGENT);
    let ((client_out, client_in), (agent_out, agent_in)) = (to_client.split(), to_agent.split());
    tokio::select! {
        end = carry((client, client_in), (agent, agent_out)) => end,
        end = carry((agent, agent_in), (client, client_out)) => end,
    }
}

/// One direction.
async fn carry(
    (from, mut incoming): (Endpoint, SplitStream<&mut Socket>),
    (to, mut outgoing): (Endpoint, SplitSink<&mut Socket, Message>),
) -> (Endpoint, LinkError) {
    loop {
        match bytes(incoming.next().await) {
            Ok(Some(bytes)) => {
                if let Err(error) = outgoing.send(Message::binary(bytes)).await {
                    return (to, error.into());
                }
            }
            Ok(None) => {}
            Err(error) => return (from, error),
        }
    }
}
