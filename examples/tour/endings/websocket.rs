//! Ends of WebSocket connections.

use std::io;

use disconnect_core::Endpoint;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use crate::report::{Tour, fault, normal};
use crate::service::{websocket, wire};

type WebSocket = WebSocketStream<TcpStream>;

/// Ends WebSocket connections. A client, a server and an agent log them.
pub(crate) async fn endings(tour: &mut Tour) -> io::Result<()> {
    let client_closed = normal("client_closed", "client", "client_to_server").code("websocket.1000");
    let server_leaves = normal("server_shutdown", "server", "client_to_server").code("websocket.1001");
    let agent_leaves = normal("server_shutdown", "agent", "server_to_agent").code("websocket.1001");
    let dropped = fault("network_error", "network", "client_to_server").cause("unclean_eof");
    let garbage = fault("protocol_error", "client", "client_to_server").cause("malformed");

    let id = tour.case("WebSocket client closes with 1000", client_closed);
    closed(id, Endpoint::SERVER_FACING_CLIENT, Role::Server, CloseCode::Normal).await?;
    let id = tour.case("WebSocket server closes with 1001", server_leaves);
    closed(id, Endpoint::CLIENT_FACING_SERVER, Role::Client, CloseCode::Away).await?;
    let id = tour.case("WebSocket agent closes with 1001", agent_leaves);
    closed(id, Endpoint::SERVER_FACING_AGENT, Role::Server, CloseCode::Away).await?;
    vanished(tour.case("WebSocket client vanishes without a close frame", dropped)).await?;
    reserved_bits(tour.case("WebSocket client sends a frame with reserved bits", garbage)).await
}

/// Lets the peer of `end` close with this code. `role` is the WebSocket role of this side.
async fn closed(id: u64, end: Endpoint, role: Role, code: CloseCode) -> io::Result<()> {
    let (client, server) = handshake().await?;
    let (ours, mut peer) = match role {
        Role::Client => (client, server),
        Role::Server => (server, client),
    };
    peer.close(Some(CloseFrame { code, reason: "".into() })).await.map_err(io::Error::other)?;
    let until_closed = async { while peer.next().await.is_some() {} };
    tokio::join!(websocket::serve(end, id, ours), until_closed);
    Ok(())
}

async fn vanished(id: u64) -> io::Result<()> {
    let (client, server) = handshake().await?;
    drop(client);
    websocket::serve(Endpoint::SERVER_FACING_CLIENT, id, server).await;
    Ok(())
}

async fn reserved_bits(id: u64) -> io::Result<()> {
    let (client, server) = handshake().await?;
    let mut client = client.into_inner();
    client.write_all(&[0xf1, 0x80, 0, 0, 0, 0]).await?;
    websocket::serve(Endpoint::SERVER_FACING_CLIENT, id, server).await;
    Ok(())
}

/// Both ends of a new WebSocket connection.
async fn handshake() -> io::Result<(WebSocket, WebSocket)> {
    let (dialled, accepted) = wire::loopback().await?;
    let (client, server) = tokio::try_join!(
        async { client_async("ws://localhost/", dialled).await.map(|(client, _)| client) },
        accept_async(accepted),
    )
    .map_err(|error: WsError| io::Error::other(error))?;
    Ok((client, server))
}
