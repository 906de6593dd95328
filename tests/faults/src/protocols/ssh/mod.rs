//! SSH between russh's client and server, and with OpenSSH's client.

mod agent;
mod goodbyes;
mod openssh;
mod refusals;
mod sessions;
mod signals;
mod transport;
mod visitor;
mod wire;

use std::error::Error;

use disconnect_core::{Classifier, Disconnect, Endpoint, classifier};
use russh::{client, server};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use self::agent::{Served, agent_config, serve};
use self::visitor::{Visit, visit};
use super::Outcome;
use crate::loopback::pair;
use crate::matrix::Matrix;
use crate::peers::say;

static CLASSIFIER: Classifier = classifier![russh = russh, tokio = tokio];

type Failure = Box<dyn Error + Send + Sync>;

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    goodbyes::run(matrix).await?;
    refusals::run(matrix).await?;
    sessions::run(matrix).await?;
    transport::run(matrix).await?;
    openssh::run(matrix).await
}

/// A logged-in session of a user on an agent.
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
    let (mut visit, served) = met(client_config, client, agent_config, agent).await?;
    visit.log_in("user").await?;
    Ok((visit, served))
}

/// The same before the login.
async fn met<C, A>(
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
    Ok((visit.map_err(unready)?, served.map_err(unready)?))
}

#[allow(clippy::needless_pass_by_value, reason = "handed to `map_err`")]
fn unready(end: Disconnect) -> String {
    format!("the connection never came up: {end:?}")
}

/// The end of an agent's session.
async fn agent_end(served: Served) -> Disconnect {
    served.ended().await.0
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
            visit.log_in("user").await?;
            say("in");
            drop(visit.idle().await);
            Ok(())
        }
        [role, address, note] if role == "proxy" => openssh::proxy(address, note).await,
        other => Err(format!("unknown arguments {other:?}").into()),
    }
}
