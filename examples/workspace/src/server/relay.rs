//! The relay on the server: a data path between two legs.

use disconnect_core::{BoxedGuard, ConnectionMethod, Disconnect, DisconnectGuard, disconnected};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tracing::info;

use crate::ends::{RELAY_FACING_AGENT, RELAY_FACING_CLIENT};
use crate::told;
use crate::wire::link::{close, close_code};
use crate::wire::tunnel::{LOST, NORMAL, TRY_AGAIN_LATER, bytes};
use crate::wire::{LinkError, Socket};

use super::Server;
use super::route::Client;
use super::workspaces::RunCause;

/// Relays between a client and the agent of its workspace until one of the legs ends.
pub(super) async fn serve(server: &Server, mut to_client: Socket, client: Client) {
    let leg = server.workspaces.leg(&client.workspace, client.client_session_id.clone());
    let Ok(Some(mut to_agent)) = timeout(server.timing.goodbye, leg).await else {
        // The data path did not come up.
        return close(&mut to_client, Some(TRY_AGAIN_LATER), "the workspace has no agent now").await;
    };
    info!(workspace = client.workspace, client_session_id = client.client_session_id, "relaying");

    let cause = server.workspaces.cause(&client.workspace);
    let (client_leg, agent_leg) = legs(server, &client, &cause);
    let blamed = tokio::select! {
        (leg, error) = splice(&mut to_client, &mut to_agent) => {
            match leg {
                Leg::Client => client_leg.failed(&error),
                Leg::Agent => agent_leg.failed(&error),
            };
            Some(leg)
        }
        () = server.closing.cancelled() => None,
    };
    drop(agent_leg);
    let end = client_leg.finish();
    // Agent and client have exchanged their goodbyes inside the tunnel.
    let (other, code) = (if end.expected() { NORMAL } else { LOST }, close_code(&end));
    let codes = match blamed {
        Some(Leg::Client) => [code, Some(other)],
        Some(Leg::Agent) => [Some(other), code],
        None => [code, code],
    };
    let why = told::why(&end, cause.context(&end));
    tokio::join!(close(&mut to_client, codes[0], &why), close(&mut to_agent, codes[1], &why));
}

/// The guards of both legs. If one leg ends the data path, both lines report that end, each with its own roles.
fn legs(server: &Server, client: &Client, cause: &RunCause) -> (BoxedGuard, BoxedGuard) {
    let entry = server.connections.begin("relay", &client.workspace, Some(&client.client_session_id));
    let line = |name: &'static str| {
        let (of_run, Client { workspace, client_session_id }) = (cause.clone(), client.clone());
        move |end: &Disconnect| {
            disconnected!(
                end,
                group(of_run.context(end) => build_id, build_reason, transition),
                workspace,
                client_session_id,
                "{name} closed"
            );
        }
    };
    let (of_path, of_leg) = (line("relayed connection"), line("relay leg"));
    let to_log = move |end: &Disconnect| {
        entry.end(end);
        of_path(end);
    };
    let (client_leg, agent_leg) = DisconnectGuard::pair(
        BoxedGuard::boxed(RELAY_FACING_CLIENT, to_log).under(cause),
        BoxedGuard::boxed(RELAY_FACING_AGENT, of_leg).under(cause),
    );
    client_leg.set_method(ConnectionMethod::Derp);
    agent_leg.set_method(ConnectionMethod::Derp);
    (client_leg, agent_leg)
}

/// One of the two connections of a data path.
#[derive(Clone, Copy)]
enum Leg {
    Client,
    Agent,
}

/// Copies bytes until a leg ends. Returns which leg, and how it ended.
async fn splice(to_client: &mut Socket, to_agent: &mut Socket) -> (Leg, LinkError) {
    let (client, agent) = (Leg::Client, Leg::Agent);
    let ((client_out, client_in), (agent_out, agent_in)) = (to_client.split(), to_agent.split());
    tokio::select! {
        end = carry((client, client_in), (agent, agent_out)) => end,
        end = carry((agent, agent_in), (client, client_out)) => end,
    }
}

/// Copies in one direction.
async fn carry(
    (from, mut incoming): (Leg, SplitStream<&mut Socket>),
    (to, mut outgoing): (Leg, SplitSink<&mut Socket, Message>),
) -> (Leg, LinkError) {
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
