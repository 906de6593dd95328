//! A client's session on an agent, written as in a service: both sides.

use std::io;
use std::time::Duration;

use disconnect_core::{Disconnect, DisconnectGuard, Endpoint, disconnected};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wire::{self, Frame};

/// The agent's and the client's endpoint.
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT;
const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT;

/// The agent: answers the client until the connection ends. The guard logs the end.
pub(crate) async fn serve(id: u64, mut stream: TcpStream, idle: Duration) {
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, "client session closed");
    // The error is already in the line.
    let _ = DisconnectGuard::new(AGENT, write)
        .run(async |_| -> io::Result<_> {
            loop {
                let Ok(frame) = timeout(idle, wire::read(&mut stream)).await else { return Ok(AGENT.idle_timeout()) };
                match frame? {
                    Some(question @ Frame::Data(_)) => wire::write(&mut stream, &question).await?,
                    Some(Frame::Goodbye) => return Ok(AGENT.closed_by_peer()),
                    None => return Ok(AGENT.eof()),
                }
            }
        })
        .await;
}

/// The client: sends one request and leaves.
pub(crate) async fn visit(id: u64, mut stream: TcpStream) {
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, "session closed");
    let _ = DisconnectGuard::new(CLIENT, write)
        .run(async |_| -> io::Result<_> {
            wire::ask(&mut stream).await?;
            wire::write(&mut stream, &Frame::Goodbye).await?;
            Ok(CLIENT.closed_locally())
        })
        .await;
}
