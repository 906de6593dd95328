//! Ends of an agent's control streams to its server, over TCP.

use std::io;

use tokio::net::TcpSocket;

use super::{LONG, SHORT};
use crate::report::{Tour, fault, normal};
use crate::service::control::{self, Agent};
use crate::service::wire::{self, Frame};

/// Ends control streams of an agent one after the other. The last one does not come up.
pub(crate) async fn endings(tour: &mut Tour) -> io::Result<()> {
    let shutdown = || normal("server_shutdown", "agent", "server_to_agent");
    let reset = || fault("network_error", "network", "server_to_agent").cause("reset");

    server_leaves(tour.case("server says goodbye", normal("graceful", "server", "server_to_agent"))).await?;
    shutting_down(tour.case("agent shuts down, and the server answers its goodbye", shutdown())).await?;
    let unanswered = shutdown().cause("deadline").warns();
    unheard(tour.case("agent shuts down, and the server does not answer", unanswered)).await?;
    aborted(tour.case("agent shuts down and aborts the task", shutdown())).await?;
    let first = tour.case("server resets one of two sibling streams", reset());
    let second = tour.case("agent closes the sibling because of the reset", reset());
    siblings(first, second).await?;
    refused(tour.no_case("server refuses the connection")).await
}

async fn server_leaves(id: u64) -> io::Result<()> {
    let (accepted, mut server) = wire::loopback().await?;
    wire::write(&mut server, &Frame::Goodbye).await?;
    drop(server);
    control::follow(id, "coordination", accepted, Agent::new(LONG)).await;
    Ok(())
}

async fn shutting_down(id: u64) -> io::Result<()> {
    let (dialled, mut server) = wire::loopback().await?;
    let agent = Agent::new(LONG);
    let stream = tokio::spawn(control::follow(id, "coordination", dialled, agent.clone()));
    wire::ask(&mut server).await?;
    agent.shut_down();
    while wire::read(&mut server).await? != Some(Frame::Goodbye) {}
    drop(server);
    Ok(stream.await?)
}

async fn unheard(id: u64) -> io::Result<()> {
    let (dialled, _server) = wire::loopback().await?;
    let agent = Agent::new(SHORT);
    agent.shut_down();
    control::follow(id, "coordination", dialled, agent).await;
    Ok(())
}

async fn aborted(id: u64) -> io::Result<()> {
    let (dialled, mut server) = wire::loopback().await?;
    let agent = Agent::new(LONG);
    let stream = tokio::spawn(control::relay_map(id, dialled, agent.clone()));
    wire::ask(&mut server).await?;
    agent.shut_down();
    stream.abort();
    let aborted = stream.await;
    debug_assert!(aborted.is_err_and(|error| error.is_cancelled()));
    Ok(())
}

async fn siblings(first: u64, second: u64) -> io::Result<()> {
    let (coordination, mut server) = wire::loopback().await?;
    let (relays, _server_of_relays) = wire::loopback().await?;
    let agent = Agent::new(LONG);
    let coordination = tokio::spawn(control::follow(first, "coordination", coordination, agent.clone()));
    let relays = tokio::spawn(control::follow(second, "relay map", relays, agent));
    wire::ask(&mut server).await?;
    super::reset(server)?;
    coordination.await?;
    Ok(relays.await?)
}

/// A port that is bound, but that no socket listens on.
async fn refused(id: u64) -> io::Result<()> {
    let nobody = TcpSocket::new_v4()?;
    nobody.bind(([127, 0, 0, 1], 0).into())?;
    match control::dial(id, nobody.local_addr()?, Agent::new(LONG)).await {
        Ok(()) => Err(io::Error::other("the connection came up, but no socket listens")),
        Err(_) => Ok(()),
    }
}
