//! Faults below and before a session: sockets, versions, packets, silence.

use std::borrow::Cow;
use std::time::Duration;

use disconnect_core::Disconnect;
use disconnect_faults::{Cut, Error, Fault, FaultProxy, Toward};
use russh::{Preferred, cipher, client, kex, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::Outcome;
use super::agent::{Served, agent_config, serve};
use super::visitor::{Visit, Wanted, visit};
use super::{AGENT, CLIENT, Failure, agent_end, between, configured, unready};
use crate::loopback::{black_hole, pair, pair_through_proxy, tap};
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;

/// How long one side is silent before the other one times out.
const SILENCE: Duration = Duration::from_millis(300);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    sockets(matrix).await?;
    garbage(matrix).await?;
    before_the_session(matrix).await?;
    processes(matrix).await?;
    lost(matrix).await?;
    idle(matrix).await
}

/// Injects a fault toward one side. A fault that applies to a later packet has to be kept until then.
type Inject = fn(&FaultProxy, Toward) -> Result<Option<Fault>, Error>;

/// Sockets that end below SSH.
async fn sockets(matrix: &mut Matrix) -> Outcome {
    let faults: [(&str, Inject); 3] = [
        ("RST", |proxy, toward| proxy.reset(toward).map(|()| None)),
        ("FIN", |proxy, toward| proxy.fin(toward).map(|()| None)),
        ("FIN inside a packet", |proxy, toward| proxy.truncate(toward, 10, Cut::Fin).map(Some)),
    ];
    for (injected, inject) in faults {
        let (client, agent, proxy) = pair_through_proxy().await?;
        let (visit, served) = between(client, agent).await?;
        let _took_effect = inject(&proxy, Toward::Client)?;
        // A packet to truncate. Its answer is not awaited.
        let handle = served.handle.clone();
        tokio::spawn(async move { handle.channel_open_session().await.map(drop) });
        matrix.add(Case::new("ssh", format!("{injected} by the agent"), "client", visit.idle().await));

        let (client, agent, proxy) = pair_through_proxy().await?;
        let (visit, served) = between(client, agent).await?;
        let _took_effect = inject(&proxy, Toward::Server)?;
        drop(visit.connection.session.send_keepalive(true).await);
        matrix.add(Case::new("ssh", format!("{injected} by the client"), "agent", agent_end(served).await));
    }
    Ok(())
}

/// Bytes that are no packets. The cipher decides how they are read: as an impossible length, or as a packet with a
/// wrong MAC.
async fn garbage(matrix: &mut Matrix) -> Outcome {
    for (injected, cipher) in
        [("garbage for a length", cipher::CHACHA20_POLY1305), ("garbage for a packet", cipher::AES_256_GCM)]
    {
        let bytes = [&[0, 0, 0, 32][..], &[0x5a; 64]].concat();
        let ciphers = vec![cipher];
        let config = || client::Config {
            preferred: Preferred { cipher: ciphers.clone().into(), ..Preferred::default() },
            ..client::Config::default()
        };

        let (client, agent, proxy) = pair_through_proxy().await?;
        let (visit, _served) = configured(config(), client, agent_config(), agent).await?;
        proxy.inject(Toward::Client, &bytes)?;
        matrix.add(Case::new("ssh", format!("{injected}, by the agent"), "client", visit.idle().await));

        let (client, agent, proxy) = pair_through_proxy().await?;
        let (_visit, served) = configured(config(), client, agent_config(), agent).await?;
        proxy.inject(Toward::Server, &bytes)?;
        matrix.add(Case::new("ssh", format!("{injected}, by the client"), "agent", agent_end(served).await));
    }
    Ok(())
}

/// The end of a client whose agent sends these bytes.
pub(super) async fn visited(mut agent: TcpStream, client: TcpStream, bytes: &[u8]) -> Result<Disconnect, Failure> {
    agent.write_all(bytes).await?;
    agent.shutdown().await?;
    let end = async {
        match visit(client::Config::default(), client, CLIENT, true).await {
            Ok(visit) => visit.idle().await,
            Err(end) => end,
        }
    };
    // Reads to the end, so that this close is a FIN and not an RST. How the client closes does not matter.
    let mut rest = Vec::new();
    Ok(tokio::join!(end, agent.read_to_end(&mut rest)).0)
}

/// The end of an agent whose client sends these bytes, and the result of its session.
pub(super) async fn visitor(
    mut client: TcpStream,
    agent: TcpStream,
    bytes: &[u8],
) -> Result<(Disconnect, String), Failure> {
    client.write_all(bytes).await?;
    client.shutdown().await?;
    let end = async {
        match serve(agent_config(), agent, AGENT).await {
            Ok(served) => {
                let (end, result) = served.ended().await;
                (end, format!("{result:?}"))
            }
            Err(end) => (end, "no session".to_owned()),
        }
    };
    let mut rest = Vec::new();
    Ok(tokio::join!(end, client.read_to_end(&mut rest)).0)
}

/// Peers that speak another protocol, or nothing.
async fn before_the_session(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let end = visited(agent, client, "HTTP/1.1 400 Bad Request\r\n".repeat(30).as_bytes()).await?;
    matrix.add(Case::new("ssh", "garbage instead of a version, by the agent", "client", end));

    let (client, agent) = pair().await?;
    let (end, _) = visitor(client, agent, b"GET / HTTP/1.1\r\nHost: agent\r\n\r\n").await?;
    matrix.add(Case::new("ssh", "garbage instead of a version, by the client", "agent", end));

    let (client, agent) = pair().await?;
    let end = visited(agent, client, b"").await?;
    matrix.add(Case::new("ssh", "FIN before the version, by the agent", "client", end));

    let (client, agent) = pair().await?;
    let (end, _) = visitor(client, agent, b"").await?;
    matrix.add(Case::new("ssh", "FIN before the version, by the client", "agent", end));

    let (client, agent) = pair().await?;
    let outdated = Preferred { kex: Cow::Borrowed(&[kex::DH_G1_SHA1]), ..Preferred::default() };
    let config = client::Config { preferred: outdated, ..client::Config::default() };
    let (visit, served) = tokio::join!(visit(config, client, CLIENT, true), serve(agent_config(), agent, AGENT));
    let agent = match served {
        Ok(served) => agent_end(served).await,
        Err(end) => end,
    };
    matrix.add(Case::new("ssh", "client with outdated algorithms only", "agent", agent));
    let client = visit.err().ok_or("there was an algorithm in common")?;
    matrix.add(Case::new("ssh", "client with outdated algorithms only", "client", client));
    Ok(())
}

/// Processes that are killed or stopped.
async fn processes(matrix: &mut Matrix) -> Outcome {
    let (peer, stream) = Peer::connected("ssh", &["client"]).await?;
    let served = admitted(agent_config(), stream, peer).await?;
    served.0.kill().await?;
    matrix.add(Case::new("ssh", "kill -9 of the client", "agent", agent_end(served.1).await));

    let (peer, stream) = Peer::connected("ssh", &["client"]).await?;
    let config = server::Config { keepalive_interval: Some(SILENCE / 3), keepalive_max: 2, ..agent_config() };
    let (peer, served) = admitted(config, stream, peer).await?;
    peer.stop().await?;
    matrix.add(Case::new("ssh", "SIGSTOP of the client", "agent", agent_end(served).await));

    let (peer, visit) = agent_process(client::Config::default()).await?;
    // The agent is killed after it has forwarded the end of the input. Nothing is in flight.
    let end = visit.run(Wanted::Shell("cat > /dev/null; kill -9 $PPID\n"), false).await;
    peer.kill().await?;
    matrix.add(Case::new("ssh", "end of input, then kill -9 of the agent", "client", end));

    let config =
        client::Config { keepalive_interval: Some(SILENCE / 3), keepalive_max: 2, ..client::Config::default() };
    let (peer, visit) = agent_process(config).await?;
    peer.stop().await?;
    matrix.add(Case::new("ssh", "SIGSTOP of the agent", "client", visit.idle().await));
    Ok(())
}

/// A logged-in client in its own process.
async fn admitted(config: server::Config, stream: TcpStream, mut peer: Peer) -> Result<(Peer, Served), Failure> {
    let served = serve(config, stream, AGENT).await.map_err(unready)?;
    peer.line().await?;
    Ok((peer, served))
}

/// An agent in its own process, with a logged-in client.
pub(super) async fn agent_process(config: client::Config) -> Result<(Peer, Visit), Failure> {
    let mut peer = Peer::start("ssh", &["agent"])?;
    let stream = TcpStream::connect(peer.line().await?).await?;
    let mut visit = visit(config, stream, CLIENT, true).await.map_err(unready)?;
    visit.log_in("user").await?;
    Ok((peer, visit))
}

/// No packet reaches one of the two any more.
async fn lost(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let asks = client::Config { keepalive_interval: Some(SILENCE / 3), keepalive_max: 2, ..client::Config::default() };
    let tapped = tap(&client)?;
    let (visit, _served) = configured(asks, client, agent_config(), agent).await?;
    black_hole(&tapped)?;
    matrix.add(Case::new("ssh", "all packets lost", "client", visit.idle().await));

    let (client, agent) = pair().await?;
    let asks = server::Config { keepalive_interval: Some(SILENCE / 3), keepalive_max: 2, ..agent_config() };
    let tapped = tap(&agent)?;
    let (_visit, served) = configured(client::Config::default(), client, asks, agent).await?;
    black_hole(&tapped)?;
    matrix.add(Case::new("ssh", "all packets lost", "agent", agent_end(served).await));
    Ok(())
}

/// A client that is idle for longer than its agent allows.
async fn idle(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let config = server::Config { inactivity_timeout: Some(SILENCE), ..agent_config() };
    let (visit, served) = configured(client::Config::default(), client, config, agent).await?;
    let (client, agent) = tokio::join!(visit.idle(), agent_end(served));
    matrix.add(Case::new("ssh", "client idle for too long", "agent", agent));
    matrix.add(Case::new("ssh", "client idle for too long", "client", client));
    Ok(())
}
