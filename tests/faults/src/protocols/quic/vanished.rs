//! Peers that do not answer any more: killed, stopped, asleep, restarted, unreachable.

use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc;

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

use super::super::Outcome;
use super::link::{Failure, IDLE, Identity, Link, Setup, agent, any_port, client, dial, hex, on_socket, unhex};
use super::{CLIENT, agent_end, client_end, own_codes};
use crate::loopback::black_hole;
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::recipes::quinn::read_messages;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    vanished(matrix).await?;
    lost(matrix).await?;
    asleep(matrix).await?;
    restarted(matrix).await?;
    restarted_meanwhile(matrix).await
}

/// Peers that do not answer any more.
async fn vanished(matrix: &mut Matrix) -> Outcome {
    let quiet = Setup::gives_up_after(IDLE);

    let (peer, clients, address) = agent_process(&quiet).await?;
    let connection = dial(&clients, address).await?;
    peer.kill().await?;
    matrix.add(Case::new("quic", "kill -9 of the agent", "client", client_end(&connection).await));

    let (peer, clients, address) = agent_process(&quiet).await?;
    let connection = dial(&clients, address).await?;
    peer.stop().await?;
    // Data that is not answered. On a busy machine the connection may already have timed out.
    if let Ok(mut stream) = connection.open_uni().await {
        drop(stream.write_all(b"line").await);
    }
    matrix.add(Case::new("quic", "SIGSTOP of the agent", "client", client_end(&connection).await));

    let identity = Identity::new()?;
    let agents = quinn::Endpoint::server(quiet.server(&identity)?, any_port())?;
    let peer = Peer::start("quic", &["client", &agents.local_addr()?.to_string(), &hex(&identity.certificate)])?;
    let connection = agents.accept().await.ok_or("the endpoint is closed")?.await?;
    peer.kill().await?;
    matrix.add(Case::new("quic", "kill -9 of the client", "agent", agent_end(&connection).await));

    let link = Link::between(&quiet, &Setup::default()).await?;
    let (client, agent) = tokio::join!(client_end(&link.client), agent_end(&link.agent));
    matrix.add(Case::new("quic", "nothing sent for too long", "client", client));
    matrix.add(Case::new("quic", "nothing sent for too long", "agent", agent));
    Ok(())
}

/// An agent in its own process, and a client that trusts it.
pub(super) async fn agent_process(setup: &Setup) -> Result<(Peer, quinn::Endpoint, SocketAddr), Failure> {
    let mut peer = Peer::start("quic", &["agent"])?;
    let address = peer.line().await?.parse()?;
    let certificate = unhex(&peer.line().await?)?.into();
    Ok((peer, client(setup, &certificate)?, address))
}

/// No packet reaches the agent any more.
async fn lost(matrix: &mut Matrix) -> Outcome {
    let quiet = Setup::gives_up_after(IDLE);
    let identity = Identity::new()?;
    let socket = UdpSocket::bind(any_port())?;
    let agents = on_socket(quiet.server(&identity)?, socket.try_clone()?)?;
    let clients = client(&quiet, &identity.certificate)?;
    let accepted = async { Ok::<_, Failure>(agents.accept().await.ok_or("the endpoint is closed")?.await?) };
    let (client, agent) = tokio::try_join!(dial(&clients, agents.local_addr()?), accepted)?;
    black_hole(&socket)?;
    let (client, agent) = tokio::join!(client_end(&client), agent_end(&agent));
    matrix.add(Case::new("quic", "all packets lost", "client", client));
    matrix.add(Case::new("quic", "all packets lost", "agent", agent));
    Ok(())
}

/// A sleeping laptop: nothing runs on it until the agent has timed out.
async fn asleep(matrix: &mut Matrix) -> Outcome {
    let quiet = Setup::gives_up_after(IDLE);
    let identity = Identity::new()?;
    let agents = quinn::Endpoint::server(quiet.server(&identity)?, any_port())?;
    let address = agents.local_addr()?;
    let (wake, lid) = mpsc::channel::<()>();
    let sleeper = spawn_blocking(move || {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let clients = client(&quiet, &identity.certificate)?;
            let connection = dial(&clients, address).await?;
            // Blocks the only thread of its runtime, on purpose.
            lid.recv()?;
            Ok::<_, Failure>(client_end(&connection).await)
        })
    });
    let connection = agents.accept().await.ok_or("the endpoint is closed")?.await?;
    let end = agent_end(&connection).await;
    matrix.add(Case::new("quic", "client asleep for longer than the idle timeout", "agent", end));
    wake.send(())?;
    matrix.add(Case::new("quic", "client asleep for longer than the idle timeout", "client", sleeper.await??));
    Ok(())
}

/// A restarted agent does not know its old connections. With the keys of its predecessor it sends a stateless reset;
/// without them it does not answer.
async fn restarted(matrix: &mut Matrix) -> Outcome {
    for (injected, knows_keys) in [("agent restarted, keys kept", true), ("agent restarted, keys lost", false)] {
        let (peer, clients, address) = agent_process(&Setup::gives_up_after(IDLE)).await?;
        let connection = dial(&clients, address).await?;
        peer.kill().await?;
        let identity = Identity::new()?;
        let server = Setup::default().server(&identity)?;
        let again = if knows_keys { agent(server, address)? } else { quinn::Endpoint::server(server, address)? };
        // Large enough that the answer, which has to be smaller, can be a reset. A retransmission may have caused the
        // reset before, so that the connection has already ended.
        if let Ok(mut stream) = connection.open_uni().await {
            let _ = stream.write_all(&[0; 512]).await;
        }
        let end = client_end(&connection).await;
        matrix.add(Case::new("quic", injected, "client", end));
        drop(again);
    }
    Ok(())
}

/// The same for a client that waits for a message.
async fn restarted_meanwhile(matrix: &mut Matrix) -> Outcome {
    let (peer, clients, address) = agent_process(&Setup::gives_up_after(IDLE)).await?;
    let connection = dial(&clients, address).await?;
    // The agent answers on the other direction, on which nothing was sent yet.
    let (mut sending, mut receiving) = connection.open_bi().await?;
    peer.kill().await?;
    let again = agent(Setup::default().server(&Identity::new()?)?, address)?;
    let _ = sending.write_all(&[0; 512]).await;
    let end = read_messages(&mut receiving, CLIENT, own_codes).await;
    matrix.add(Case::new("quic", "agent restarted, keys kept, in read_exact", "client", end));
    drop(again);
    Ok(())
}
