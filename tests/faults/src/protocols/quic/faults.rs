//! Violations, and refused handshakes.

use std::net::SocketAddr;

use disconnect_core::Disconnect;
use quinn::Connection;
use quinn::rustls::pki_types::CertificateDer;

use super::super::Outcome;
use super::link::{Failure, IDLE, Identity, Link, Setup, any_port, client, dial, speaking};
use super::violator::BadFrame;
use super::{AGENT, CLIENT, agent_end, client_end};
use crate::matrix::{Case, Matrix};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    violations(matrix).await?;
    refusals(matrix).await?;
    never_met(matrix).await
}

/// Frames that neither side may send, at both sides.
async fn violations(matrix: &mut Matrix) -> Outcome {
    for (injected, frame) in [
        ("frame of no known type", BadFrame::UnknownType),
        ("token from a client", BadFrame::ForbiddenToken),
        ("stream above the limit", BadFrame::StreamAboveLimit),
    ] {
        let broken = Setup::default();
        let link = Link::between(&broken, &Setup::default()).await?;
        violate(&broken, frame, &link.client).await?;
        matrix.add(Case::new("quic", injected, "agent", agent_end(&link.agent).await));
        matrix.add(Case::new("quic", injected, "client", client_end(&link.client).await));
    }
    let broken = Setup::default();
    let link = Link::between(&Setup::default(), &broken).await?;
    violate(&broken, BadFrame::UnknownType, &link.agent).await?;
    let injected = "frame of no known type from the agent";
    matrix.add(Case::new("quic", injected, "client", client_end(&link.client).await));
    matrix.add(Case::new("quic", injected, "agent", agent_end(&link.agent).await));
    Ok(())
}

/// Sends such a frame in front of other data.
pub(super) async fn violate(broken: &Setup, frame: BadFrame, from: &Connection) -> Outcome {
    let mut stream = from.open_uni().await?;
    broken.trigger.pull(frame);
    // An acknowledgement may carry the frame first. Then the connection has already ended.
    drop(stream.write_all(&[0; 64]).await);
    Ok(())
}

/// Handshakes that one side refuses.
async fn refusals(matrix: &mut Matrix) -> Outcome {
    // RFC 7301, section 3.2: no common application protocol is a fatal error. The server finds out.
    let other = Setup { speaks: b"other", ..Setup::default() };
    let (client, agent) = refused(&other, &Setup::default(), None).await?;
    matrix.add(Case::new("quic", "no application protocol in common", "client", client));
    matrix.add(Case::new("quic", "no application protocol in common", "agent", agent));

    let stranger = Identity::named("elsewhere")?.certificate;
    let (client, agent) = refused(&Setup::default(), &Setup::default(), Some(stranger)).await?;
    matrix.add(Case::new("quic", "unknown certificate authority", "client", client));
    matrix.add(Case::new("quic", "unknown certificate authority", "agent", agent));

    let forged = Identity::new()?.certificate;
    let (client, agent) = refused(&Setup::default(), &Setup::default(), Some(forged)).await?;
    matrix.add(Case::new("quic", "certificate of that name, false signature", "client", client));
    matrix.add(Case::new("quic", "certificate of that name, false signature", "agent", agent));

    let asking = Setup { asks_for_certificate: true, ..Setup::default() };
    let (client, agent) = refused(&Setup::default(), &asking, None).await?;
    matrix.add(Case::new("quic", "no client certificate", "client", client));
    matrix.add(Case::new("quic", "no client certificate", "agent", agent));

    let identity = Identity::new()?;
    let agents = quinn::Endpoint::server(Setup::default().server(&identity)?, any_port())?;
    let clients = client_of(&identity)?;
    let refuse = async {
        agents.accept().await.ok_or("the endpoint is closed")?.refuse();
        Ok::<_, Failure>(())
    };
    let (client, refused) = tokio::join!(attempt(&clients, agents.local_addr()?), refuse);
    refused?;
    matrix.add(Case::new("quic", "connection refused", "client", client));
    Ok(())
}

fn client_of(identity: &Identity) -> Result<quinn::Endpoint, Failure> {
    client(&Setup::default(), &identity.certificate)
}

/// Both ends of a failed handshake. The client may trust another certificate.
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
            Ok(connection) => agent_end(&connection).await,
            Err(error) => AGENT.failed(&error),
        })
    };
    let (client, agent) = tokio::join!(attempt(&clients, agents.local_addr()?), accept);
    Ok((client, agent?))
}

/// A client's attempt. If it seems to succeed, the end of the connection: with TLS 1.3 a client is connected before the
/// server has seen its certificate.
async fn attempt(clients: &quinn::Endpoint, address: SocketAddr) -> Disconnect {
    match dial(clients, address).await {
        Ok(connection) => client_end(&connection).await,
        Err(error) => CLIENT.failed(&*error),
    }
}

/// Attempts that no agent answers, or that an agent answers only with its own versions.
async fn never_met(matrix: &mut Matrix) -> Outcome {
    let identity = Identity::new()?;
    // A draft version that the client does not support.
    let agents = speaking(vec![0xff00_0010], Setup::default().server(&identity)?)?;
    let end = attempt(&client_of(&identity)?, agents.local_addr()?).await;
    matrix.add(Case::new("quic", "no QUIC version in common", "client", end));

    let unbound = std::net::UdpSocket::bind(any_port())?.local_addr()?;
    let clients = client(&Setup::gives_up_after(IDLE), &identity.certificate)?;
    matrix.add(Case::new("quic", "nobody listens", "client", attempt(&clients, unbound).await));
    Ok(())
}
