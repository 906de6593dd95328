//! A client's control plane, as the server sees it.

use disconnect_core::{Code, Disconnect, DisconnectGuard, DisconnectHandle, Endpoint, disconnected};
use tokio::sync::{mpsc, oneshot};
use tracing::info;

use crate::ends::CLASSIFIER;
use crate::wire::message::{FromClient, ToClient};
use crate::wire::tunnel::{GOING_AWAY, TRY_AGAIN_LATER};
use crate::wire::{Link, LinkError, Socket};

use super::Server;
use super::route::Client;
use super::workspaces::Stopping;

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// Serves a client until its connection ends.
pub(super) async fn serve(server: &Server, socket: Socket, client: Client) {
    let (sender, stopping) = mpsc::channel(1);
    let _place = server.workspaces.client(&client.workspace, sender);
    info!(workspace = client.workspace, client_session_id = client.client_session_id, "client connected");

    let entry = server.connections.begin("client", &client.workspace, Some(&client.client_session_id));
    let Client { workspace, client_session_id } = client.clone();
    let guard = DisconnectGuard::new(END, move |end: &Disconnect| {
        entry.end(end);
        disconnected!(end, workspace, client_session_id, "client disconnected");
    })
    .under(&server.shutdown);

    let mut link = Link::new(socket, server.timing.heartbeat());
    let ended = guard.handle();
    match talk(server, &mut link, &client.workspace, stopping, &ended).await {
        Ok(code) => {
            drop(guard);
            link.close(code).await;
        }
        Err(error) => drop(ended.set(END.failed(&CLASSIFIER, &error))),
    }
}

/// Tells the client what it has to know, until one side ends it: returns the code to close with.
async fn talk(
    server: &Server,
    link: &mut Link<ToClient, FromClient>,
    workspace: &str,
    mut stopping: mpsc::Receiver<Stopping>,
    ended: &DisconnectHandle,
) -> Result<u16, LinkError> {
    let Some(node) = server.workspaces.node(workspace) else {
        // Its agent is not there, or not there yet.
        ended.set(END.sent(Code::websocket(TRY_AGAIN_LATER)));
        return Ok(TRY_AGAIN_LATER);
    };
    link.send(&ToClient::Agent(node)).await?;
    let mut noted: Option<oneshot::Sender<()>> = None;
    loop {
        tokio::select! {
            message = link.next() => match message? {
                FromClient::Noted => drop(noted.take().map(|noted| noted.send(()))),
                FromClient::Goodbye => {
                    ended.set(END.closed_by_peer());
                    link.send(&ToClient::Goodbye).await?;
                }
            },
            Some(stopping) = stopping.recv() => {
                noted = Some(stopping.noted);
                link.send(&ToClient::Stopping(stopping.build)).await?;
            }
            () = server.closing.cancelled() => return Ok(GOING_AWAY),
        }
    }
}
