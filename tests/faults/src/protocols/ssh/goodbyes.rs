//! Every code of DISCONNECT, by either side: after the login, before it, and before there are keys.

use std::time::Duration;

use disconnect_core::{Code, Disconnect, Endpoint, Watched};
use disconnect_faults::Toward;
use russh::{Disconnect as Said, client, server};

use super::super::Outcome;
use super::agent::{agent_config, serve};
use super::transport::{visited, visitor};
use super::visitor::{Visit, visit};
use super::wire::Late;
use super::{AGENT, CLASSIFIER, CLIENT, Failure, agent_end, between, configured, met, unready, up};
use crate::loopback::{pair, pair_through_proxy};
use crate::matrix::{Case, Matrix};

/// The keep-alive interval of an agent.
const SHORT: Duration = Duration::from_millis(50);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    by_agent(matrix).await?;
    by_server(matrix).await?;
    by_client(matrix).await?;
    dropped_codes(matrix).await?;
    in_the_clear(matrix).await?;
    with_channels(matrix).await?;
    follow_on(matrix).await
}

/// The codes of RFC 4253, section 11.1, with russh's names.
fn codes() -> impl Iterator<Item = (u32, String)> {
    (1..=15).filter_map(|number| Some((number, format!("{:?}", Said::try_from(number).ok()?))))
}

/// By the agent: at the client and at the agent.
async fn by_agent(matrix: &mut Matrix) -> Outcome {
    for (number, name) in codes() {
        let (visit, served) = up().await?;
        served.handle.disconnect(Said::try_from(number)?, "\x1b[31mred".to_owned(), String::new()).await?;
        let injected = format!("DISCONNECT {name} by the agent");
        matrix.add(Case::new("ssh", injected, "client", visit.idle().await));

        let (client, agent) = pair().await?;
        let (visit, served) = met(client::Config::default(), client, agent_config(), agent).await?;
        served.handle.disconnect(Said::try_from(number)?, String::new(), String::new()).await?;
        let injected = format!("DISCONNECT {name} by the agent, before the login");
        matrix.add(Case::new("ssh", injected, "client", visit.idle().await));
    }
    for code in [Said::ProtocolError, Said::ByApplication, Said::TooManyConnections, Said::NoMoreAuthMethodsAvailable] {
        let injected = format!("DISCONNECT {code:?} by the agent");
        let (visit, served) = up().await?;
        served.notes.disconnect(&served.handle, code).await?;
        let (_, end) = tokio::join!(visit.idle(), agent_end(served));
        matrix.add(Case::new("ssh", injected, "agent", end));
    }

    let (visit, served) = up().await?;
    served.notes.say(AGENT.shutting_down());
    served.handle.disconnect(Said::ByApplication, String::new(), String::new()).await?;
    let (client, agent) = tokio::join!(visit.idle(), agent_end(served));
    matrix.add(Case::new("ssh", "shutdown, said before", "agent", agent));
    matrix.add(Case::new("ssh", "shutdown, said before", "client", client));
    Ok(())
}

/// The same between an agent and its server.
async fn by_server(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let (visit, served) = tokio::join!(
        visit(client::Config::default(), near, Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER), true),
        serve(agent_config(), far, Endpoint::SERVER_FACING_AGENT.with_classifier(&CLASSIFIER))
    );
    let (visit, served) = (visit.map_err(unready)?, served.map_err(unready)?);
    served.handle.disconnect(Said::ByApplication, String::new(), String::new()).await?;
    matrix.add(Case::new("ssh", "DISCONNECT by the server", "agent", visit.idle().await));
    Ok(())
}

/// By the client: at the client.
async fn by_client(matrix: &mut Matrix) -> Outcome {
    // 4 is reserved.
    for (number, name) in codes().filter(|(number, _)| *number != 4) {
        let (visit, _served) = up().await?;
        let end = say(visit, number).await?;
        matrix.add(Case::new("ssh", format!("DISCONNECT {name} by the client"), "client", end));
    }
    Ok(())
}

/// Sends this code as a goodbye. The end is recorded before.
async fn say(visit: Visit, number: u32) -> Result<Disconnect, Failure> {
    visit.connection.guard.set(CLIENT.sent(Code::ssh(number)));
    visit.connection.session.disconnect(Said::try_from(number)?, "", "").await?;
    Ok(visit.idle().await)
}

/// By the client: at the agent, where russh's server drops the code.
async fn dropped_codes(matrix: &mut Matrix) -> Outcome {
    for code in [Said::ByApplication, Said::ProtocolError, Said::ConnectionLost, Said::AuthCancelledByUser] {
        let injected = format!("DISCONNECT {code:?} by the client");
        let (visit, served) = up().await?;
        let (said, (end, result)) = tokio::join!(say(visit, code as u32), served.ended());
        said?;
        matrix.add(Case::new("ssh", injected, "agent", end).observed(format!("{result:?}")));
    }
    for code in [Said::ByApplication, Said::ProtocolError] {
        let injected = format!("DISCONNECT {code:?} by the client, before the login");
        let (client, agent) = pair().await?;
        let (visit, served) = met(client::Config::default(), client, agent_config(), agent).await?;
        let (said, (end, result)) = tokio::join!(say(visit, code as u32), served.ended());
        said?;
        matrix.add(Case::new("ssh", injected, "agent", end).observed(format!("{result:?}")));
    }
    Ok(())
}

/// In plain text, before there are keys.
async fn in_the_clear(matrix: &mut Matrix) -> Outcome {
    for (number, name) in codes().filter(|(number, _)| [2, 3, 11, 12, 13].contains(number)) {
        let (client, agent) = pair().await?;
        let end = visited(agent, client, &early_goodbye(number.to_le_bytes()[0])).await?;
        matrix.add(Case::new("ssh", format!("DISCONNECT {name} by the agent, before the keys"), "client", end));
    }
    for (injected, code) in
        [("key exchange failed, says the client", 3), ("DISCONNECT ByApplication by the client, before the keys", 11)]
    {
        let (client, agent) = pair().await?;
        let (end, result) = visitor(client, agent, &early_goodbye(code)).await?;
        matrix.add(Case::new("ssh", injected, "agent", end).observed(result));
    }
    Ok(())
}

/// A version and an `SSH_MSG_DISCONNECT` with this code: RFC 4253, sections 4.2, 6 and 11.1.
fn early_goodbye(code: u8) -> Vec<u8> {
    let mut bytes = b"SSH-2.0-faults\r\n".to_vec();
    // Length 20: 6 bytes of padding, message 1, the code, and two empty strings.
    bytes.extend([0, 0, 0, 20, 6, 1, 0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0; 6]);
    bytes
}

/// The channel reports the end of a session.
async fn with_channels(matrix: &mut Matrix) -> Outcome {
    let (visit, served) = up().await?;
    let channel = visit.connection.session.channel_open_session().await?;
    channel.exec(true, "cat").await?;
    channel.close().await?;
    let (said, end) = tokio::join!(say(visit, 11), agent_end(served));
    said?;
    matrix.add(Case::new("ssh", "channel closed, then DISCONNECT", "agent", end));

    let (client, agent) = pair().await?;
    let (agent, gate) = Late::new(agent);
    // The agent writes only keep-alive requests: output of a command could end russh's client before its goodbye.
    let config = server::Config { keepalive_interval: Some(SHORT), keepalive_max: 0, ..agent_config() };
    let (visit, served) =
        configured(client::Config::default(), client, config, Watched::new(agent).hold_write_errors()).await?;
    let channel = visit.connection.session.channel_open_session().await?;
    channel.exec(true, "cat").await?;
    gate.close();
    channel.close().await?;
    // russh closes the client's socket right after its goodbye.
    let (said, end) = tokio::join!(say(visit, 11), agent_end(served));
    said?;
    let injected = "channel closed, DISCONNECT and close, while the agent writes";
    matrix.add(Case::new("ssh", injected, "agent", end));

    let (visit, served) = up().await?;
    drop(visit);
    matrix.add(Case::new("ssh", "handle dropped by the client", "agent", agent_end(served).await));
    Ok(())
}

/// Tasks that use the connection after its end.
async fn follow_on(matrix: &mut Matrix) -> Outcome {
    let (visit, served) = up().await?;
    served.handle.disconnect(Said::ByApplication, String::new(), String::new()).await?;
    matrix.add(Case::new("ssh", "channel opened after DISCONNECT", "client", after(visit).await?));

    let (client, agent, proxy) = pair_through_proxy().await?;
    let (visit, _served) = between(client, agent).await?;
    proxy.fin(Toward::Client)?;
    matrix.add(Case::new("ssh", "channel opened after a FIN", "client", after(visit).await?));
    Ok(())
}

/// Opens a channel after the connection has ended.
async fn after(visit: Visit) -> Result<Disconnect, Failure> {
    while !visit.connection.session.is_closed() {
        tokio::task::yield_now().await;
    }
    match visit.connection.session.channel_open_session().await {
        Ok(_) => Err("a channel on a closed connection".into()),
        Err(error) => {
            visit.connection.guard.failed(&error);
            Ok(visit.idle().await)
        }
    }
}
