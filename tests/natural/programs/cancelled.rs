//! Answers messages until the agent says goodbye. Its callers cancel it, and its handler has a bug.

use std::{io, sync::Arc, time::Duration};

use disconnect_core::{DisconnectGuard, Endpoint, Shutdown, disconnected};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

const END: Endpoint = Endpoint::SERVER_FACING_AGENT;

fn answer(message: &[u8]) -> Vec<u8> {
    let (_kind, text) = message.split_at(2); // Panics for a message of one byte.
    text.to_ascii_uppercase()
}

/// Serves one agent.
pub async fn serve(mut stream: TcpStream, peer_id: u64, shutdown: &Shutdown) -> io::Result<()> {
    let guard =
        DisconnectGuard::new(END, move |end| disconnected!(end, peer_id, "control stream closed")).under(shutdown);
    guard
        .run(async |_ended| -> io::Result<_> {
            loop {
                let length = stream.read_u8().await?;
                if length == 0 {
                    return Ok(END.closed_by_peer());
                }
                let mut message = vec![0; length.into()];
                stream.read_exact(&mut message).await?;
                stream.write_all(&answer(&message)).await?;
            }
        })
        .await?;
    Ok(())
}

/// Serves one agent, and cancels after `limit`.
pub async fn serve_within(limit: Duration, stream: TcpStream, peer_id: u64, shutdown: &Shutdown) -> io::Result<()> {
    timeout(limit, serve(stream, peer_id, shutdown)).await?
}

/// Serves every agent that connects, with ids starting at `first_id`. Dropping the future drops all connections.
pub async fn serve_all(listener: TcpListener, first_id: u64, shutdown: Arc<Shutdown>) -> io::Result<()> {
    let mut agents = JoinSet::new();
    for peer_id in first_id.. {
        let (stream, _) = listener.accept().await?;
        let shutdown = Arc::clone(&shutdown);
        agents.spawn(async move { serve(stream, peer_id, &shutdown).await });
    }
    Ok(())
}
