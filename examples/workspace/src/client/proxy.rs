//! Standard input and output, joined to the agent's SSH server through the relay: a `ProxyCommand` for ssh.

use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use disconnect_core::{BoxedGuard, ConnectionMethod, Disconnect, DisconnectHandle, DisconnectInitiator, disconnected};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, copy, split, stdin, stdout};
use tokio::time::timeout;
use tracing::info;

use crate::ends::{CLIENT_FACING_AGENT, CLIENT_FACING_RELAY};
use crate::told;
use crate::wire::tunnel::{Tunnel, path_code};

use super::Client;

/// Copies bytes until one side ends.
pub(super) async fn run(client: &Arc<Client>) -> ExitCode {
    let socket = match client.dial("relay").await {
        Ok(socket) => socket,
        Err(error) => return told::unconnected(&error),
    };
    let guard = guard(client);
    let (stream, tunnel) = Tunnel::open(socket, CLIENT_FACING_RELAY, guard.handle());
    let (from_agent, to_agent) = split(stream);
    // If the relay failed, that end is already recorded.
    guard.set(join(client, from_agent, to_agent, &guard.handle()).await);
    let end = guard.finish();
    tunnel.close(path_code(&end)).await;
    let is_ended_here = end.initiator_as() == Some(DisconnectInitiator::Client);
    if is_ended_here { ExitCode::SUCCESS } else { told::ended(&end, client.build(&end)) }
}

/// The maximum time between the end of our input and the signal with which ssh stops its proxy, in either order.
const GRACE: Duration = Duration::from_millis(500);

async fn join(
    client: &Client,
    from_agent: ReadHalf<DuplexStream>,
    mut to_agent: WriteHalf<DuplexStream>,
    path: &DisconnectHandle,
) -> Disconnect {
    let mut stdin = stdin();
    let (mut sending, mut receiving) = (pin!(copy(&mut stdin, &mut to_agent)), pin!(receive(client, from_agent, path)));
    tokio::select! {
        received = &mut receiving => if received.is_ok() {
            return CLIENT_FACING_AGENT.closed_by_peer();
        },
        _ = &mut sending => {
            // An ssh that leaves has sent its goodbye inside the tunnel, so the agent closes, and then ssh stops its
            // proxy. A killed ssh only leaves an end of file.
            let left = async {
                tokio::select! {
                    _ = receiving => {}
                    () = client.interrupted.cancelled() => {}
                }
            };
            return match timeout(GRACE, left).await {
                Ok(()) => CLIENT_FACING_AGENT.closed_locally(),
                Err(_) => CLIENT_FACING_AGENT.eof(),
            };
        }
        () = client.interrupted.cancelled() => {}
    }
    // The goodbye of ssh may still be in the pipe.
    let _ = timeout(GRACE, sending).await;
    CLIENT_FACING_AGENT.closed_locally()
}

/// Copies until the agent's bytes end. An error is a write error.
async fn receive(client: &Client, mut from_agent: ReadHalf<DuplexStream>, path: &DisconnectHandle) -> io::Result<()> {
    let (mut stdout, mut buffer) = (stdout(), vec![0; 32 * 1024]);
    while let Ok(length @ 1..) = from_agent.read(&mut buffer).await {
        if !client.has_path.swap(true, Ordering::Relaxed) {
            path.established();
            let method = ConnectionMethod::Derp.as_str();
            info!(client_session_id = client.id, connection_method = method, "connected");
        }
        stdout.write_all(&buffer[..length]).await?;
        stdout.flush().await?;
    }
    Ok(())
}

/// If the relay has no agent to connect to, no connection came up.
fn guard(client: &Arc<Client>) -> BoxedGuard {
    let of = client.clone();
    let guard = BoxedGuard::boxed(CLIENT_FACING_AGENT, move |end| {
        disconnected!(
            end,
            group(of.build(end) => build_id, build_reason, transition),
            client_session_id = of.id,
            "proxied connection closed"
        );
    })
    .connecting()
    .under(&client.stopped);
    guard.set_method(ConnectionMethod::Derp);
    guard
}
