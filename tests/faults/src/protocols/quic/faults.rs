//! Violations, handshakes that are refused, and peers that vanish.

use std::net::SocketAddr;

use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why};
use quinn::Connection;
use quinn::rustls::pki_types::CertificateDer;

use super::super::Outcome;
use super::link::{Failure, IDLE, Identity, Link, Setup, agent, any_port, client, dial, hex, unhex};
use super::violator::BadFrame;
use super::{AGENT, CLIENT, NETWORK, own, serve};
use crate::matrix::{Matrix, truth};
use crate::peers::Peer;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    violations(matrix).await?;
    refusals(matrix).await?;
    vanished(matrix).await?;
    restarted(matrix).await
}

/// Frames that nobody may send, as both sides see what comes of it.
async fn violations(matrix: &mut Matrix) -> Outcome {
    for (injected, frame) in [
        ("frame of no known type", BadFrame::UnknownType),
        ("token from a client", BadFrame::ForbiddenToken),
        ("stream above the limit", BadFrame::StreamAboveLimit),
    ] {
        let broken = Setup::default();
        let link = Link::between(&broken, &Setup::default()).await?;
        violate(&broken, frame, &link.client).await?;
        let by_client = truth(Why::ProtocolError, By::Client);
        matrix.decidable("quic", injected, "agent", by_client, serve(&link.agent, AGENT, own::received).await);
        matrix.decidable("quic", injected, "client", by_client, serve(&link.client, CLIENT, own::received).await);
    }
    let broken = Setup::default();
    let link = Link::between(&Setup::default(), &broken).await?;
    violate(&broken, BadFrame::UnknownType, &link.agent).await?;
    let by_agent = truth(Why::ProtocolError, By::Agent);
    let injected = "frame of no known type from the agent";
    matrix.decidable("quic", injected, "client", by_agent, serve(&link.client, CLIENT, own::received).await);
    matrix.decidable("quic", injected, "agent", by_agent, serve(&link.agent, AGENT, own::received).await);
    Ok(())
}

/// Sends such a frame in front of something that is sent anyway.
pub(super) async fn violate(broken: &Setup, frame: BadFrame, from: &Connection) -> Outcome {
    let mut stream = from.open_uni().await?;
    broken.trigger.pull(frame);
    // An acknowledgement may carry the frame first, so that the connection is gone already.
    drop(stream.write_all(&[0; 64]).await);
    Ok(())
}

/// Handshakes that one side refuses.
async fn refusals(matrix: &mut Matrix) -> Outcome {
    // RFC 7301 calls it fatal that no application protocol is shared; the server is who finds out.
    let other = Setup { speaks: b"other", ..Setup::default() };
    let (client, agent) = refused(&other, &Setup::default(), None).await?;
    let mismatch = truth(Why::ProtocolError, By::Agent);
    matrix.decidable("quic", "no application protocol in common", "client", mismatch, client);
    matrix.decidable("quic", "no application protocol in common", "agent", mismatch, agent);

    let stranger = Identity::named("elsewhere")?.certificate;
    let (client, agent) = refused(&Setup::default(), &Setup::default(), Some(stranger)).await?;
    let distrust = truth(Why::Unknown, By::Client);
    matrix.decidable("quic", "unknown certificate authority", "client", distrust, client);
    matrix.decidable("quic", "unknown certificate authority", "agent", distrust, agent);

    let forged = Identity::new()?.certificate;
    let (client, agent) = refused(&Setup::default(), &Setup::default(), Some(forged)).await?;
    matrix.decidable("quic", "certificate of that name, false signature", "client", distrust, client);
    matrix.decidable("quic", "certificate of that name, false signature", "agent", distrust, agent);

    let asking = Setup { asks_for_certificate: true, ..Setup::default() };
    let (client, agent) = refused(&Setup::default(), &asking, None).await?;
    let unproven = truth(Why::Unknown, By::Agent);
    matrix.decidable("quic", "no client certificate", "client", unproven, client);
    matrix.decidable("quic", "no client certificate", "agent", unproven, agent);

    let identity = Identity::new()?;
    let agents = quinn::Endpoint::server(Setup::default().server(&identity)?, any_port())?;
    let clients = client_of(&identity)?;
    let refuse = async {
        agents.accept().await.ok_or("the endpoint is closed")?.refuse();
        Ok::<_, Failure>(())
    };
    let (client, refused) = tokio::join!(attempt(&clients, agents.local_addr()?), refuse);
    refused?;
    matrix.decidable("quic", "connection refused", "client", truth(Why::Unknown, By::Agent), client);
    Ok(())
}

fn client_of(identity: &Identity) -> Result<quinn::Endpoint, Failure> {
    client(&Setup::default(), &identity.certificate)
}

/// What both sides make of a handshake that does not succeed, where the client may trust another certificate instead.
async fn refused(
    client: &Setup,
    agent: &Setup,
    instead: Option<CertificateDer<'static>>,
) -> Result<(Disconnect, Disconnect), Failure> {
    let identity = Identity::new()?;
    let agents = quinn::Endpoint::server(agent.server(&identity)?, any_port())?;
    let trusted = instead.unwrap_or(identity.certificate);
    let clients = self::client(client, &trusted)?;
    let accept = async {
        let incoming = agents.accept().await.ok_or("the endpoint is closed")?;
        Ok::<_, Failure>(match incoming.await {
            Ok(connection) => serve(&connection, AGENT, own::received).await,
            Err(error) => AGENT.failed(&error),
        })
    };
    let (client, agent) = tokio::join!(attempt(&clients, agents.local_addr()?), accept);
    Ok((client, agent?))
}

/// A client's attempt, and where it seems to succeed, the connection's end: in TLS 1.3 a client is up before the server
/// has seen its certificate.
async fn attempt(clients: &quinn::Endpoint, address: SocketAddr) -> Disconnect {
    match dial(clients, address).await {
        Ok(connection) => serve(&connection, CLIENT, own::received).await,
        Err(error) => CLIENT.failed(&*error),
    }
}

/// Peers that say nothing any more.
async fn vanished(matrix: &mut Matrix) -> Outcome {
    let quiet = Setup::gives_up_after(IDLE);

    let (peer, clients, address) = agent_process(&quiet).await?;
    let connection = dial(&clients, address).await?;
    peer.kill().await?;
    matrix.decidable(
        "quic",
        "kill -9 of the agent",
        "client",
        NETWORK,
        serve(&connection, CLIENT, own::received).await,
    );

    let (peer, clients, address) = agent_process(&quiet).await?;
    let connection = dial(&clients, address).await?;
    peer.stop().await?;
    // Whatever is sent is not answered; on a busy machine the connection may have given up before.
    if let Ok(mut stream) = connection.open_uni().await {
        drop(stream.write_all(b"line").await);
    }
    matrix.decidable(
        "quic",
        "SIGSTOP of the agent",
        "client",
        NETWORK,
        serve(&connection, CLIENT, own::received).await,
    );

    let identity = Identity::new()?;
    let agents = quinn::Endpoint::server(quiet.server(&identity)?, any_port())?;
    let peer = Peer::start("quic", &["client", &agents.local_addr()?.to_string(), &hex(&identity.certificate)])?;
    let connection = agents.accept().await.ok_or("the endpoint is closed")?.await?;
    peer.kill().await?;
    matrix.decidable("quic", "kill -9 of the client", "agent", NETWORK, serve(&connection, AGENT, own::received).await);

    let link = Link::between(&quiet, &Setup::default()).await?;
    let (client, agent) =
        tokio::join!(serve(&link.client, CLIENT, own::received), serve(&link.agent, AGENT, own::received));
    matrix.decidable("quic", "nothing sent for too long", "client", NETWORK, client);
    matrix.decidable("quic", "nothing sent for too long", "agent", NETWORK, agent);
    Ok(())
}

/// An agent in a process of its own, and a client that trusts it.
async fn agent_process(setup: &Setup) -> Result<(Peer, quinn::Endpoint, SocketAddr), Failure> {
    let mut peer = Peer::start("quic", &["agent"])?;
    let address = peer.line().await?.parse()?;
    let certificate = unhex(&peer.line().await?)?.into();
    Ok((peer, client(setup, &certificate)?, address))
}

/// An agent that was killed and started again knows nothing of its connections. With the keys of its predecessor it says
/// so, by a stateless reset; without them it is as good as gone.
async fn restarted(matrix: &mut Matrix) -> Outcome {
    for (injected, knows_keys) in [("agent restarted, keys kept", true), ("agent restarted, keys lost", false)] {
        let (peer, clients, address) = agent_process(&Setup::gives_up_after(IDLE)).await?;
        let connection = dial(&clients, address).await?;
        peer.kill().await?;
        let identity = Identity::new()?;
        let server = Setup::default().server(&identity)?;
        let again = if knows_keys { agent(server, address)? } else { quinn::Endpoint::server(server, address)? };
        // Large enough that the answer, which has to be smaller, can be a reset. A retransmission may have fetched that
        // before, so that the connection is gone already.
        if let Ok(mut stream) = connection.open_uni().await {
            let _ = stream.write_all(&[0; 512]).await;
        }
        let end = serve(&connection, CLIENT, own::received).await;
        matrix.decidable("quic", injected, "client", NETWORK, end);
        drop(again);
    }
    Ok(())
}
