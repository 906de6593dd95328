//! SSH between russh's client and server, and with OpenSSH's client.

mod agent;
mod openssh;
mod sessions;
mod signals;
mod transport;
mod visitor;
mod wire;

use std::error::Error;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    Classifier, Code, Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint, classifier,
};
use russh::{Disconnect as Said, client, server};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use self::agent::{STRANGER, Served, agent_config, serve};
use self::visitor::{Visit, visit};
use super::Outcome;
use crate::loopback::pair;
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::say;

static CLASSIFIER: Classifier = classifier![russh = russh, tokio = tokio];

type Failure = Box<dyn Error + Send + Sync>;

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

const NETWORK: Truth = truth(Why::NetworkError, By::Network);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    said_by_agent(matrix).await?;
    said_by_server(matrix).await?;
    said_by_client(matrix).await?;
    follow_on(matrix).await?;
    refused(matrix).await?;
    sessions::run(matrix).await?;
    transport::run(matrix).await?;
    openssh::run(matrix).await
}

/// A user's session on an agent, logged in.
async fn up() -> Result<(Visit, Served), Failure> {
    let (client, agent) = pair().await?;
    between(client, agent).await
}

async fn between<C, A>(client: C, agent: A) -> Result<(Visit, Served), Failure>
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    configured(client::Config::default(), client, agent_config(), agent).await
}

async fn configured<C, A>(
    client_config: client::Config,
    client: C,
    agent_config: server::Config,
    agent: A,
) -> Result<(Visit, Served), Failure>
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (visit, served) = tokio::join!(visit(client_config, client, CLIENT, true), serve(agent_config, agent, AGENT));
    let (mut visit, served) = (visit.map_err(unready)?, served.map_err(unready)?);
    visit.log_in("user").await.map_err(|verdict| format!("the login failed: {verdict:?}"))?;
    Ok((visit, served))
}

#[allow(clippy::needless_pass_by_value, reason = "handed to `map_err`")]
fn unready(end: Disconnect) -> String {
    format!("the connection never came up: {end:?}")
}

/// DISCONNECT by the agent, as the client hears it, and once as the agent knows it.
async fn said_by_agent(matrix: &mut Matrix) -> Outcome {
    for (code, truth) in [
        (Said::ByApplication, truth(Why::Graceful, By::Agent)),
        (Said::HostNotAllowedToConnect, truth(Why::Unknown, By::Agent)),
        // It accuses the client.
        (Said::ProtocolError, truth(Why::ProtocolError, By::Client)),
        (Said::CompressionError, truth(Why::ProtocolError, By::Client)),
        (Said::ServiceNotAvailable, truth(Why::Unknown, By::Agent)),
        // It reports what the network did.
        (Said::ConnectionLost, NETWORK),
        (Said::TooManyConnections, truth(Why::Unknown, By::Agent)),
        (Said::AuthCancelledByUser, truth(Why::Unknown, By::Agent)),
        (Said::NoMoreAuthMethodsAvailable, truth(Why::Unknown, By::Agent)),
    ] {
        let injected = format!("DISCONNECT {code:?} by the agent");
        let (visit, served) = up().await?;
        served.handle.disconnect(code, "\x1b[31mred".to_owned(), String::new()).await?;
        matrix.decidable("ssh", injected, "client", truth, visit.idle().await);
    }

    let (visit, served) = up().await?;
    served.known.say(AGENT.shutting_down());
    served.handle.disconnect(Said::ByApplication, String::new(), String::new()).await?;
    let (_, end) = tokio::join!(visit.idle(), served.ended());
    matrix.decidable("ssh", "shutdown, said before", "agent", truth(Why::ServerShutdown, By::Agent), end);

    Ok(())
}

/// The same between an agent and its server.
async fn said_by_server(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let (visit, served) = tokio::join!(
        visit(client::Config::default(), near, Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER), true),
        serve(agent_config(), far, Endpoint::SERVER_FACING_AGENT.with_classifier(&CLASSIFIER))
    );
    let (visit, served) = (visit.map_err(unready)?, served.map_err(unready)?);
    served.handle.disconnect(Said::ByApplication, String::new(), String::new()).await?;
    matrix.decidable("ssh", "DISCONNECT by the server", "agent", truth(Why::Graceful, By::Server), visit.idle().await);
    Ok(())
}

/// DISCONNECT by the client.
async fn said_by_client(matrix: &mut Matrix) -> Outcome {
    const DROPPED: &str = "russh's server drops the code of a client's DISCONNECT";
    for (code, meant, own, other) in [
        (
            Said::ByApplication,
            Verdict::closed(Side::Local),
            truth(Why::ClientClosed, By::Client),
            truth(Why::ClientClosed, By::Client),
        ),
        (
            Said::ProtocolError,
            Code::ssh(2).sent(),
            truth(Why::ProtocolError, By::Agent),
            truth(Why::ProtocolError, By::Agent),
        ),
        (Said::ConnectionLost, Code::ssh(10).sent(), NETWORK, NETWORK),
    ] {
        let injected = format!("DISCONNECT {code:?} by the client");
        let (visit, served) = up().await?;
        visit.handle.disconnect(code, "", "").await?;
        let (client, agent) = tokio::join!(visit.ended(meant), served.ended());
        matrix.decidable("ssh", injected.clone(), "client", own, client);
        matrix.undecidable("ssh", injected, "agent", other, agent, DROPPED);
    }

    // What a session's end means is said by its channel.
    let (visit, served) = up().await?;
    let channel = visit.handle.channel_open_session().await?;
    channel.exec(true, "cat").await?;
    channel.close().await?;
    visit.handle.disconnect(Said::ByApplication, "", "").await?;
    let end = served.ended().await;
    matrix.decidable("ssh", "channel closed, then DISCONNECT", "agent", truth(Why::ClientClosed, By::Client), end);

    let (visit, served) = up().await?;
    drop(visit);
    matrix.decidable("ssh", "handle dropped by the client", "agent", NETWORK, served.ended().await);
    Ok(())
}

/// Tasks that meet the connection after its end.
async fn follow_on(matrix: &mut Matrix) -> Outcome {
    let (visit, served) = up().await?;
    served.handle.disconnect(Said::ByApplication, String::new(), String::new()).await?;
    let end = after(visit).await?;
    matrix.decidable("ssh", "channel opened after DISCONNECT", "client", truth(Why::Graceful, By::Agent), end);

    let (client, agent) = pair().await?;
    let (agent, fault) = wire::faulty(agent);
    let (visit, _served) = between(client, agent).await?;
    fault.pull(wire::Fault::Vanish).await?;
    matrix.decidable("ssh", "channel opened after a FIN", "client", NETWORK, after(visit).await?);
    Ok(())
}

/// Opens a channel when the connection is over.
async fn after(visit: Visit) -> Result<Disconnect, Failure> {
    while !visit.handle.is_closed() {
        tokio::task::yield_now().await;
    }
    match visit.handle.channel_open_session().await {
        Ok(_) => Err("a channel on a closed connection".into()),
        Err(error) => Ok(visit.ended(CLASSIFIER.verdict(&error)).await),
    }
}

/// Credentials that are not accepted, by either side.
async fn refused(matrix: &mut Matrix) -> Outcome {
    let by_agent = truth(Why::Unknown, By::Agent);
    for (injected, attempts) in [("login refused", 1), ("login refused too often", 3)] {
        let (client, agent) = pair().await?;
        let (visit, served) =
            tokio::join!(visit(client::Config::default(), client, CLIENT, true), serve(agent_config(), agent, AGENT));
        let (mut visit, served) = (visit.map_err(unready)?, served.map_err(unready)?);
        let mut noticed = Verdict::closed(Side::Local);
        for _ in 0..attempts {
            noticed = visit.log_in(STRANGER).await.err().ok_or("a stranger was let in")?;
        }
        // Gone already where the agent has had enough.
        drop(visit.handle.disconnect(Said::ByApplication, "", "").await);
        let (client, agent) = tokio::join!(visit.ended(noticed), served.ended());
        matrix.decidable("ssh", injected, "client", by_agent, client);
        matrix.decidable("ssh", injected, "agent", by_agent, agent);
    }

    let (client, agent) = pair().await?;
    let (visit, agent) = tokio::join!(visit(client::Config::default(), client, CLIENT, false), async {
        match serve(agent_config(), agent, AGENT).await {
            Ok(served) => served.ended().await,
            Err(end) => end,
        }
    });
    let client = visit.err().ok_or("an untrusted host was trusted")?;
    let by_client = truth(Why::Unknown, By::Client);
    matrix.decidable("ssh", "host key refused", "client", by_client, client);
    let why = "the client leaves without a word";
    matrix.undecidable("ssh", "host key refused", "agent", by_client, agent, why);
    Ok(())
}

pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role] if role == "agent" => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            say(&listener.local_addr()?.to_string());
            let stream = listener.accept().await?.0;
            if let Ok(served) = serve(agent_config(), stream, AGENT).await {
                drop(served.ended().await);
            }
            Ok(())
        }
        [role, address] if role == "client" => {
            let stream = TcpStream::connect(address).await?;
            let mut visit = visit(client::Config::default(), stream, CLIENT, true).await.map_err(unready)?;
            visit.log_in("user").await.map_err(|verdict| format!("the login failed: {verdict:?}"))?;
            say("in");
            drop(visit.idle().await);
            Ok(())
        }
        other => Err(format!("unknown arguments {other:?}").into()),
    }
}
