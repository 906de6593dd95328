//! A client's control plane on the server.

use disconnect_core::{Code, Disconnect, DisconnectGuard, DisconnectHandle, DisconnectReason, disconnected};
use tokio::sync::{mpsc, oneshot};
use tracing::info;

use crate::ends::SERVER_FACING_CLIENT;
use crate::wire::message::{FromClient, Node, ToClient};
use crate::wire::tunnel::TRY_AGAIN_LATER;
use crate::wire::{Link, LinkError, Socket};

use super::Server;
use super::route::Client;
use super::workspaces::Stopping;

/// Serves a client until its connection ends.
pub(super) async fn serve(server: &Server, socket: Socket, client: Client) {
    let (sender, stopping) = mpsc::channel(1);
    server.workspaces.client(&client.workspace, sender);
    info!(workspace = client.workspace, client_session_id = client.client_session_id, "client connected");

    let entry = server.connections.begin("client", &client.workspace, Some(&client.client_session_id));
    let Client { workspace, client_session_id } = client.clone();
    let guard = DisconnectGuard::new(SERVER_FACING_CLIENT, move |end: &Disconnect| {
        entry.end(end);
        disconnected!(end, workspace, client_session_id, "client disconnected");
    })
    .under(&server.shutdown);

    let ended = guard.handle();
    let mut link = Link::new(socket, server.timing.heartbeat);
    let Some(node) = server.workspaces.node(&client.workspace) else {
        // The agent is not connected, or not yet.
        guard.set(SERVER_FACING_CLIENT.sent(Code::websocket(TRY_AGAIN_LATER)));
        return link.close(&guard.finish(), None).await;
    };
    // The error is already in the line.
    let _ = guard.run(|ended| talk(server, &mut link, node, stopping, ended)).await;
    link.close(&ended.so_far(), None).await;
}

/// Sends the client its messages until this side closes the connection. Returns the end.
async fn talk(
    server: &Server,
    link: &mut Link<ToClient, FromClient>,
    node: Node,
    mut stopping: mpsc::Receiver<Stopping>,
    ended: DisconnectHandle,
) -> Result<Disconnect, LinkError> {
    link.send(&ToClient::Agent(node)).await?;
    let mut noted: Option<oneshot::Sender<()>> = None;
    loop {
        tokio::select! {
            message = link.next() => match message? {
                FromClient::Noted => drop(noted.take().map(|noted| noted.send(()))),
                FromClient::Goodbye => {
                    ended.set(SERVER_FACING_CLIENT.closed_by_peer());
                    // The server was shutting down before: the line and the close code have to agree.
                    if ended.so_far().reason_as() == Some(DisconnectReason::ServerShutdown) {
                        return Ok(SERVER_FACING_CLIENT.shutting_down());
                    }
                    link.send(&ToClient::Goodbye).await?;
                }
            },
            Some(stopping) = stopping.recv() => {
                noted = Some(stopping.noted);
                link.send(&ToClient::Stopping(stopping.build)).await?;
            }
            () = server.closing.cancelled() => return Ok(SERVER_FACING_CLIENT.shutting_down()),
        }
    }
}
