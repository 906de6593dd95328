//! QUIC with an application of one-way streams. Its close codes are its own or those of HTTP/3.

mod closes;
mod crowd;
mod faults;
mod link;
mod messages;
mod streams;
mod vanished;
mod violator;

use disconnect_core::evidence::Verdict;
use disconnect_core::{Classifier, Code, Disconnect, Endpoint, classifier};
use quinn::Connection;

use self::link::{Failure, Identity, Setup, agent, any_port, client, dial, hex, unhex};
use super::Outcome;
use crate::matrix::Matrix;
use crate::peers::say;
use crate::recipes::quinn::{Codes, own_codes, serve};

static CLASSIFIER: Classifier = classifier![quinn = quinn, rustls = quinn::rustls, tokio = tokio];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    closes::run(matrix).await?;
    streams::run(matrix).await?;
    messages::run(matrix).await?;
    crowd::run(matrix).await?;
    faults::run(matrix).await?;
    vanished::run(matrix).await
}

/// The codes of HTTP/3.
fn http3(code: u64) -> Verdict {
    Code::http3(code).received()
}

/// An application without codes.
fn no_codes(code: u64) -> Verdict {
    Code::quic_application(code).received()
}

/// The end of a connection at its client.
async fn client_end(connection: &Connection) -> Disconnect {
    serve(connection, CLIENT, own_codes).await
}

async fn agent_end(connection: &Connection) -> Disconnect {
    serve(connection, AGENT, own_codes).await
}

/// A peer to be killed or stopped. It keeps its streams and reads nothing.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    let connection = match arguments {
        [role] if role == "agent" => {
            let identity = Identity::new()?;
            let agents = agent(Setup::default().server(&identity)?, any_port())?;
            say(&agents.local_addr()?.to_string());
            say(&hex(&identity.certificate));
            agents.accept().await.ok_or("the endpoint is closed")?.await?
        }
        [role, address, certificate] if role == "client" => {
            let clients = client(&Setup::default(), &unhex(certificate)?.into())?;
            dial(&clients, address.parse()?).await?
        }
        other => return Err(format!("unknown arguments {other:?}").into()),
    };
    let mut streams = Vec::new();
    while let Ok(stream) = connection.accept_uni().await {
        streams.push(stream);
    }
    Ok(())
}
