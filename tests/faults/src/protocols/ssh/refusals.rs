//! Credentials that either side refuses, and a client that leaves while it decides.

use std::future::pending;

use disconnect_core::Disconnect;
use disconnect_faults::Toward;
use russh::{Disconnect as Said, client};
use tokio::sync::oneshot;

use super::super::Outcome;
use super::agent::{STRANGER, agent_config, serve};
use super::visitor::visit;
use super::{AGENT, CLIENT, Failure, met};
use crate::loopback::{pair, pair_through_proxy};
use crate::matrix::{Case, Matrix};
use crate::recipes::russh_client::connect;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    logins(matrix).await?;
    host_keys(matrix).await
}

async fn logins(matrix: &mut Matrix) -> Outcome {
    for (injected, attempts) in [("login refused", 1), ("login refused too often", 3)] {
        let (client, agent) = pair().await?;
        let (mut visit, served) = met(client::Config::default(), client, agent_config(), agent).await?;
        for _ in 0..attempts {
            visit.log_in(STRANGER).await.err().ok_or("a stranger was let in")?;
        }
        // Fails if the agent has already closed.
        drop(visit.connection.session.disconnect(Said::ByApplication, "", "").await);
        let (client, (agent, _)) = tokio::join!(visit.idle(), served.ended());
        matrix.add(Case::new("ssh", injected, "client", client));
        matrix.add(Case::new("ssh", injected, "agent", agent));
    }
    Ok(())
}

async fn host_keys(matrix: &mut Matrix) -> Outcome {
    let (client, (agent, result)) = with_fin(host_key_refused).await?;
    matrix.add(Case::new("ssh", "host key refused", "client", client));
    matrix.add(Case::new("ssh", "host key refused", "agent", agent).observed(result));

    let (client, agent, proxy) = pair_through_proxy().await?;
    let (asked, looking) = oneshot::channel();
    let hesitates = async move {
        // The test continues only after this.
        let _ = asked.send(());
        pending().await
    };
    let vanish = async {
        looking.await?;
        Ok::<_, Failure>(proxy.fin(Toward::Server)?)
    };
    let agent = tokio::select! {
        // The client never decides.
        _ = connect(client::Config::default(), client, CLIENT, hesitates) => return Err("the client decided".into()),
        (vanished, agent) = async { tokio::join!(vanish, served(agent)) } => vanished.and(agent),
    };
    let (agent, result) = agent?;
    matrix.add(Case::new("ssh", "FIN during the key exchange", "agent", agent).observed(result));
    Ok(())
}

/// Both ends of one connection, and the result of the agent's session.
pub(super) type Ends = (Disconnect, (Disconnect, String));

/// Repeats a case until the client's close is a FIN. Whatever the reason for the close, it is an RST if the agent's
/// last bytes are unread.
pub(super) async fn with_fin(ends: impl AsyncFn() -> Result<Ends, Failure>) -> Result<Ends, Failure> {
    loop {
        let (client, (agent, result)) = ends().await?;
        if !result.contains("ConnectionReset") {
            return Ok((client, (agent, result)));
        }
    }
}

async fn host_key_refused() -> Result<Ends, Failure> {
    let (client, agent) = pair().await?;
    let (visit, agent) = tokio::join!(visit(client::Config::default(), client, CLIENT, false), served(agent));
    Ok((visit.err().ok_or("an untrusted host was trusted")?, agent?))
}

/// The end of an agent's session before a login, and its result.
async fn served(stream: tokio::net::TcpStream) -> Result<(Disconnect, String), Failure> {
    let (end, result) = serve(agent_config(), stream, AGENT).await.map_err(super::unready)?.ended().await;
    Ok((end, format!("{result:?}")))
}
