//! A local port. Each connection to it becomes one channel to a port in the workspace.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;

use disconnect_core::evidence::Side;
use disconnect_core::{BoxedGuard, Disconnect, DisconnectReason, disconnected};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::ends::CLIENT_FACING_AGENT;
use crate::listen::accept;
use crate::say::say;
use crate::told;

use super::BY_AGENT;
use super::connection::Connection;

/// Forwards until the user stops it, or the connection ends.
pub(super) async fn run(connection: &Connection, listener: &TcpListener, remote: u16) -> ExitCode {
    if let Err(end) = connection.introduce().await {
        return told::ended(&end, connection.client.build(&end));
    }
    let local = listener.local_addr().map_or(0, |address| address.port());
    info!(local, remote, client_session_id = connection.client.id, "forwarding");
    say(format_args!("forwarding 127.0.0.1:{local} to port {remote} of the workspace"));
    let mut channels = FuturesUnordered::new();
    loop {
        tokio::select! {
            (stream, from) = accept(listener) => channels.push(forward(connection, stream, from, remote)),
            Some(()) = channels.next() => {}
            () = connection.over.cancelled() => break,
            () = connection.client.interrupted.cancelled() => {
                // Record the end first, then drop the channels.
                connection.leave();
                let _ = connection.client.bounded(BY_AGENT, channels.collect::<()>()).await;
                return ExitCode::SUCCESS;
            }
        }
    }
    let end = connection.end();
    told::ended(&end, connection.client.build(&end))
}

/// Serves one connection to the local port, and its channel.
async fn forward(connection: &Connection, stream: TcpStream, from: SocketAddr, port: u16) {
    let channel = match connection.open_port(port, from).await {
        Ok(channel) => channel,
        // The channel never came up, so there is no disconnect.
        Err(end) => return debug!(port, ?end, "the channel did not come up"),
    };
    info!(port, client_session_id = connection.client.id, "forwarded channel opened");
    let guard = guard(connection, port);
    if let Some(end) = join(channel, stream, &connection.client.interrupted).await {
        guard.set(end);
    }
}

/// Copies bytes until both sides have sent an end of file. Returns the end of the channel, by the side that sent it
/// first. Returns `None` if the SSH connection ended instead.
async fn join(channel: Channel<Msg>, stream: TcpStream, interrupted: &CancellationToken) -> Option<Disconnect> {
    let ((from_agent, to_agent), (from_here, to_here)) = (channel.split(), stream.into_split());
    let (mut sending, mut receiving) = (pin!(send(from_here, &to_agent)), pin!(receive(from_agent, to_here)));
    let end = tokio::select! {
        sent = &mut sending => match sent? {
            Ok(()) => receiving.await.map(|received| match received {
                Received::Eof | Received::Unwanted(_) => CLIENT_FACING_AGENT.closed_locally(),
                Received::Close => cut_short(),
            }),
            Err(error) => Some(broken(&error)),
        },
        received = &mut receiving => match received? {
            Received::Eof => sending.await.map(|sent| match sent {
                Ok(()) => CLIENT_FACING_AGENT.closed_by_peer(),
                Err(error) => broken(&error),
            }),
            Received::Close => Some(cut_short()),
            Received::Unwanted(error) => Some(broken(&error)),
        },
        () = interrupted.cancelled() => Some(CLIENT_FACING_AGENT.closed_locally()),
    };
    // Has no effect if the agent has already closed the channel.
    let _ = to_agent.close().await;
    end
}

/// The agent closed the channel before it sent an end of file. Most likely its target failed.
fn cut_short() -> Disconnect {
    CLIENT_FACING_AGENT.ended(DisconnectReason::Unknown, Side::Remote)
}

/// The local program closed its connection in the middle of the transfer.
fn broken(error: &io::Error) -> Disconnect {
    CLIENT_FACING_AGENT.ended(DisconnectReason::NetworkError, Side::Local).with_detail(error.to_string())
}

/// Reads from the local program up to its end of file. Returns `None` if the connection ended.
async fn send(mut from_here: OwnedReadHalf, to_agent: &ChannelWriteHalf<Msg>) -> Option<io::Result<()>> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        match from_here.read(&mut buffer).await {
            Ok(0) => return to_agent.eof().await.ok().map(Ok),
            Ok(length) => to_agent.data(&buffer[..length]).await.ok()?,
            Err(error) => return Some(Err(error)),
        }
    }
}

/// How the bytes from the agent ended.
enum Received {
    Eof,
    /// The channel was closed without an end of file.
    Close,
    /// The local program accepts no more bytes.
    Unwanted(io::Error),
}

/// Reads from the agent up to its end of file. Returns `None` if the connection ended.
async fn receive(mut from_agent: ChannelReadHalf, mut to_here: OwnedWriteHalf) -> Option<Received> {
    loop {
        match from_agent.wait().await? {
            ChannelMsg::Data { data } => {
                if let Err(error) = to_here.write_all(&data).await {
                    return Some(Received::Unwanted(error));
                }
            }
            ChannelMsg::Eof => {
                let _ = to_here.shutdown().await;
                return Some(Received::Eof);
            }
            ChannelMsg::Close => return Some(Received::Close),
            _ => {}
        }
    }
}

fn guard(connection: &Connection, port: u16) -> BoxedGuard {
    let of = connection.client.clone();
    BoxedGuard::boxed(CLIENT_FACING_AGENT, move |end| {
        disconnected!(
            level: DEBUG,
            end,
            group(of.build(end) => build_id, build_reason, transition),
            port,
            client_session_id = of.id,
            "forwarded channel closed"
        );
    })
    .under(&connection.guard)
}
