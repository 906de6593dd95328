//! What goes wrong below and before a session: sockets, versions, packets, silence.

use std::borrow::Cow;
use std::time::Duration;

use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why};
use russh::{Preferred, cipher, client, kex, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::Outcome;
use super::agent::{Served, agent_config, serve};
use super::visitor::{Visit, Wanted, visit};
use super::wire::{Fault, faulty};
use super::{AGENT, CLIENT, Failure, NETWORK, between, configured, unready};
use crate::loopback::pair;
use crate::matrix::{Matrix, truth};
use crate::peers::Peer;

/// How long one side is silent before the other gives up.
const SILENCE: Duration = Duration::from_millis(300);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    sockets(matrix).await?;
    garbage(matrix).await?;
    before_the_session(matrix).await?;
    early_goodbyes(matrix).await?;
    processes(matrix).await?;
    idle(matrix).await
}

/// Sockets that end below SSH.
async fn sockets(matrix: &mut Matrix) -> Outcome {
    for (injected, what) in [("RST", Fault::Reset), ("FIN", Fault::Vanish), ("FIN inside a packet", Fault::Half)] {
        let (client, agent) = pair().await?;
        let (agent, fault) = faulty(agent);
        let (visit, served) = between(client, agent).await?;
        fault.pull(what.clone()).await?;
        // Something to cut in half; nobody waits for the answer.
        let handle = served.handle.clone();
        tokio::spawn(async move { handle.channel_open_session().await.map(drop) });
        matrix.decidable("ssh", format!("{injected} by the agent"), "client", NETWORK, visit.idle().await);

        let (client, agent) = pair().await?;
        let (client, fault) = faulty(client);
        let (visit, served) = between(client, agent).await?;
        fault.pull(what).await?;
        drop(visit.handle.send_keepalive(true).await);
        matrix.decidable("ssh", format!("{injected} by the client"), "agent", NETWORK, served.ended().await);
    }
    Ok(())
}

/// Bytes that are no packets. What they are taken for hangs on the cipher: a length that cannot be, or a packet whose seal
/// is broken.
async fn garbage(matrix: &mut Matrix) -> Outcome {
    for (injected, cipher) in
        [("garbage for a length", cipher::CHACHA20_POLY1305), ("garbage for a packet", cipher::AES_256_GCM)]
    {
        let bytes = || {
            let mut bytes = vec![0, 0, 0, 32];
            bytes.extend([0x5a; 64]);
            Fault::Garbage(bytes)
        };
        let ciphers = vec![cipher];
        let config = || client::Config {
            preferred: Preferred { cipher: ciphers.clone().into(), ..Preferred::default() },
            ..client::Config::default()
        };

        let (client, agent) = pair().await?;
        let (agent, fault) = faulty(agent);
        let (visit, _served) = configured(config(), client, agent_config(), agent).await?;
        fault.pull(bytes()).await?;
        let by_agent = truth(Why::ProtocolError, By::Agent);
        matrix.decidable("ssh", format!("{injected}, by the agent"), "client", by_agent, visit.idle().await);

        let (client, agent) = pair().await?;
        let (client, fault) = faulty(client);
        let (_visit, served) = configured(config(), client, agent_config(), agent).await?;
        fault.pull(bytes()).await?;
        let by_client = truth(Why::ProtocolError, By::Client);
        matrix.decidable("ssh", format!("{injected}, by the client"), "agent", by_client, served.ended().await);
    }
    Ok(())
}

/// The client's end where the agent is not what it seems.
async fn visited(mut agent: TcpStream, client: TcpStream, bytes: &[u8]) -> Result<Disconnect, Failure> {
    agent.write_all(bytes).await?;
    agent.shutdown().await?;
    let end = async {
        match visit(client::Config::default(), client, CLIENT, true).await {
            Ok(visit) => visit.idle().await,
            Err(end) => end,
        }
    };
    // Read to the end, so that ours is a FIN and not an RST; what the client's is does not matter.
    let mut rest = Vec::new();
    Ok(tokio::join!(end, agent.read_to_end(&mut rest)).0)
}

/// The agent's end where the client is not what it seems.
async fn visitor(mut client: TcpStream, agent: TcpStream, bytes: &[u8]) -> Result<Disconnect, Failure> {
    client.write_all(bytes).await?;
    client.shutdown().await?;
    let end = async {
        match serve(agent_config(), agent, AGENT).await {
            Ok(served) => served.ended().await,
            Err(end) => end,
        }
    };
    let mut rest = Vec::new();
    Ok(tokio::join!(end, client.read_to_end(&mut rest)).0)
}

/// Peers that speak something else, or nothing.
async fn before_the_session(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let end = visited(agent, client, "HTTP/1.1 400 Bad Request\r\n".repeat(30).as_bytes()).await?;
    let by_agent = truth(Why::ProtocolError, By::Agent);
    matrix.decidable("ssh", "garbage instead of a version, by the agent", "client", by_agent, end);

    let (client, agent) = pair().await?;
    let end = visitor(client, agent, b"GET / HTTP/1.1\r\nHost: agent\r\n\r\n").await?;
    let by_client = truth(Why::ProtocolError, By::Client);
    matrix.decidable("ssh", "garbage instead of a version, by the client", "agent", by_client, end);

    let (client, agent) = pair().await?;
    let end = visited(agent, client, b"").await?;
    matrix.decidable("ssh", "FIN before the version, by the agent", "client", NETWORK, end);

    let (client, agent) = pair().await?;
    let end = visitor(client, agent, b"").await?;
    matrix.decidable("ssh", "FIN before the version, by the client", "agent", NETWORK, end);

    let (client, agent) = pair().await?;
    let outdated = Preferred { kex: Cow::Borrowed(&[kex::DH_G1_SHA1]), ..Preferred::default() };
    let config = client::Config { preferred: outdated, ..client::Config::default() };
    let (visit, served) = tokio::join!(visit(config, client, CLIENT, true), serve(agent_config(), agent, AGENT));
    let agent = match served {
        Ok(served) => served.ended().await,
        Err(end) => end,
    };
    matrix.decidable("ssh", "client with outdated algorithms only", "agent", by_client, agent);
    let client = visit.err().ok_or("there was an algorithm in common")?;
    let why = "which of the two lists is the odd one, neither side can tell";
    matrix.undecidable("ssh", "client with outdated algorithms only", "client", by_client, client, why);
    Ok(())
}

/// DISCONNECT in the clear, before there are keys.
async fn early_goodbyes(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let end = visited(agent, client, &early_goodbye(12)).await?;
    let busy = truth(Why::Unknown, By::Agent);
    matrix.decidable("ssh", "too many connections, before the keys", "client", busy, end);

    let (client, agent) = pair().await?;
    let end = visitor(client, agent, &early_goodbye(3)).await?;
    let why = "russh's server drops the code of a client's DISCONNECT";
    let mismatch = truth(Why::ProtocolError, By::Client);
    matrix.undecidable("ssh", "key exchange failed, says the client", "agent", mismatch, end, why);
    Ok(())
}

/// A version and an `SSH_MSG_DISCONNECT` with this code: RFC 4253, sections 4.2, 6 and 11.1.
fn early_goodbye(code: u8) -> Vec<u8> {
    let mut bytes = b"SSH-2.0-faults\r\n".to_vec();
    // Length 20: 6 of padding, then message 1, the code, and two empty strings.
    bytes.extend([0, 0, 0, 20, 6, 1, 0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0; 6]);
    bytes
}

/// Processes that are killed or stopped.
async fn processes(matrix: &mut Matrix) -> Outcome {
    let (peer, stream) = Peer::connected("ssh", &["client"]).await?;
    let served = admitted(agent_config(), stream, peer).await?;
    served.0.kill().await?;
    matrix.decidable("ssh", "kill -9 of the client", "agent", NETWORK, served.1.ended().await);

    let (peer, stream) = Peer::connected("ssh", &["client"]).await?;
    let config = server::Config { keepalive_interval: Some(SILENCE / 3), keepalive_max: 2, ..agent_config() };
    let (peer, served) = admitted(config, stream, peer).await?;
    peer.stop().await?;
    matrix.decidable("ssh", "SIGSTOP of the client", "agent", NETWORK, served.ended().await);

    let (peer, visit) = agent_process(client::Config::default()).await?;
    // The agent is killed when it has handed on the end of the input, and nothing is on its way.
    let end = visit.run(Wanted::Shell("cat > /dev/null; kill -9 $PPID\n")).await;
    peer.kill().await?;
    matrix.decidable("ssh", "end of input, then kill -9 of the agent", "client", NETWORK, end);

    let config =
        client::Config { keepalive_interval: Some(SILENCE / 3), keepalive_max: 2, ..client::Config::default() };
    let (peer, visit) = agent_process(config).await?;
    peer.stop().await?;
    matrix.decidable("ssh", "SIGSTOP of the agent", "client", NETWORK, visit.idle().await);
    Ok(())
}

/// A client in a process of its own that is logged in.
async fn admitted(config: server::Config, stream: TcpStream, mut peer: Peer) -> Result<(Peer, Served), Failure> {
    let served = serve(config, stream, AGENT).await.map_err(unready)?;
    peer.line().await?;
    Ok((peer, served))
}

/// An agent in a process of its own, where a client is logged in.
async fn agent_process(config: client::Config) -> Result<(Peer, Visit), Failure> {
    let mut peer = Peer::start("ssh", &["agent"])?;
    let stream = TcpStream::connect(peer.line().await?).await?;
    let mut visit = visit(config, stream, CLIENT, true).await.map_err(unready)?;
    visit.log_in("user").await.map_err(|verdict| format!("the login failed: {verdict:?}"))?;
    Ok((peer, visit))
}

/// A client that does nothing for longer than its agent allows.
async fn idle(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let config = server::Config { inactivity_timeout: Some(SILENCE), ..agent_config() };
    let (visit, served) = configured(client::Config::default(), client, config, agent).await?;
    let (client, agent) = tokio::join!(visit.idle(), served.ended());
    matrix.decidable("ssh", "client idle for too long", "agent", NETWORK, agent);
    matrix.decidable("ssh", "client idle for too long", "client", NETWORK, client);
    Ok(())
}
