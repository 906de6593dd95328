//! A forwarded port: joins a channel of the client to a TCP connection in the workspace.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use disconnect_core::{Disconnect, DisconnectGuard, disconnected};
use russh::server::{ChannelOpenHandle, Msg};
use russh::{Channel, ChannelMsg, ChannelOpenFailure, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tracing::debug;

use crate::ends::AGENT_FACING_CLIENT;

use super::ahead::{Ahead, Returning};
use super::connection::Connection;

/// Connects to the target, and serves the channel until it ends. If the target cannot be reached, the client gets an
/// error. That channel never came up, so it has no line.
pub(super) async fn serve(
    channel: Channel<Msg>,
    reply: ChannelOpenHandle,
    host: String,
    port: u16,
    connection: Arc<Connection>,
) {
    let connected = tokio::select! {
        connected = TcpStream::connect((host, port)) => connected,
        () = connection.over.cancelled() => return,
    };
    let Ok(target) = connected else { return reply.reject(ChannelOpenFailure::ConnectFailed).await };
    // Without `TCP_NODELAY` the bytes are only slower.
    let _ = target.set_nodelay(true);
    reply.accept().await;
    debug!(port, client_session_id = connection.client.id(), "forwarded channel opened");
    let (mut incoming, outgoing) = channel.split();
    let joined = guard(port, &connection).run(async |ended| -> io::Result<_> {
        let closed = tokio::select! {
            closed = join(target, &mut incoming, &outgoing, connection.service.most_ahead()) => closed?,
            () = connection.over.cancelled() => None,
        };
        if closed.is_none() {
            // Wait: the connection ended, and records its end first.
            connection.over.cancelled().await;
        }
        Ok(closed.unwrap_or_else(|| ended.so_far()))
    });
    // The error is already in the line.
    let _ = joined.await;
    let _ = outgoing.close().await;
}

fn guard(port: u16, connection: &Arc<Connection>) -> DisconnectGuard<impl FnOnce(&Disconnect) + use<>> {
    let of = connection.clone();
    DisconnectGuard::new(AGENT_FACING_CLIENT, move |end: &Disconnect| {
        let kind =
            if of.service.options.ide_port.contains(&port) { "forwarded IDE channel" } else { "forwarded channel" };
        disconnected!(
            level: DEBUG,
            end,
            group(of.run.build(end) => build_id, build_reason, transition),
            port,
            client_session_id = of.client.id(),
            "{kind} closed"
        );
    })
    .under(&connection.ended)
}

/// Copies bytes in both directions until both have ended. The side that ended its direction first closed the channel,
/// unless the other direction fails afterwards. Returns `None` if the SSH connection ended.
///
/// # Errors
///
/// The target's connection failed, which ends this channel only.
async fn join(
    target: TcpStream,
    incoming: &mut ChannelReadHalf,
    outgoing: &ChannelWriteHalf<Msg>,
    most: usize,
) -> io::Result<Option<Disconnect>> {
    let (from_target, to_target) = target.into_split();
    let (mut ahead, returning) = (Ahead::of(to_target), Returning::new());
    let mut returned = pin!(send(from_target, outgoing, &returning));
    let (mut closed, mut is_returned) = (None, false);
    while !(is_returned && ahead.is_done()) {
        tokio::select! {
            () = returning.waits(), if ahead.is_plenty() && !returning.is_waiting() => {}
            message = incoming.wait(), if !ahead.is_plenty() || returning.is_waiting() => match message {
                Some(ChannelMsg::Data { data }) => if let Err(end) = ahead.push(&data, most) {
                    return Ok(Some(end));
                },
                Some(ChannelMsg::Eof) => {
                    closed.get_or_insert_with(|| AGENT_FACING_CLIENT.closed_by_peer());
                    ahead.end();
                }
                Some(ChannelMsg::Close) => {
                    closed.get_or_insert_with(|| AGENT_FACING_CLIENT.closed_by_peer());
                    break;
                }
                Some(_) => {}
                None => return Ok(None),
            },
            passed = ahead.pass_on() => passed?,
            result = &mut returned, if !is_returned => {
                result?;
                closed.get_or_insert_with(|| AGENT_FACING_CLIENT.closed_locally());
                is_returned = true;
            }
        }
    }
    Ok(closed)
}

/// Sends the target's output to the client, up to the end of file.
async fn send(mut target: OwnedReadHalf, outgoing: &ChannelWriteHalf<Msg>, returning: &Returning) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = target.read(&mut buffer).await?;
        let sent = match length {
            0 => outgoing.eof().await,
            _ => returning.send(outgoing.data_bytes(buffer[..length].to_vec())).await,
        };
        if sent.is_err() {
            // The channel or its connection has ended. The reading side reports that.
            return pending().await;
        }
        if length == 0 {
            return Ok(());
        }
    }
}
