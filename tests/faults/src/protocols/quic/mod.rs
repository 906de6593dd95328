//! QUIC with an application of one-way streams on it, whose close codes are its own or those of HTTP/3.

mod closes;
mod faults;
mod link;
mod streams;
mod violator;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    Classifier, Code, Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint, classifier,
};
use quinn::{Connection, ConnectionError};

use self::link::{Identity, Setup, agent, any_port, client, dial, hex, unhex};
use super::Outcome;
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::say;

static CLASSIFIER: Classifier = classifier![quinn = quinn, rustls = quinn::rustls, tokio = tokio];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

const NETWORK: Truth = truth(Why::NetworkError, By::Network);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    closes::run(matrix).await?;
    streams::run(matrix).await?;
    faults::run(matrix).await
}

/// What an application close code means to the application that gave it.
type Reading = fn(u64) -> Verdict;

/// The application has codes of its own. None of them is 0: dropping the last handle of a connection sends that, so that
/// a 0 would not tell a goodbye from a task that was cancelled or panicked.
mod own {
    use super::{Code, Side, Verdict};

    pub(super) const DONE: u64 = 1;
    pub(super) const GOING_AWAY: u64 = 2;

    pub(super) fn received(code: u64) -> Verdict {
        let unknown = Code::quic_application(code).received();
        match code {
            DONE => Verdict::closed(Side::Remote).with_code(Code::quic_application(code)),
            GOING_AWAY => Verdict::going_away(Side::Remote).with_code(Code::quic_application(code)),
            _ => unknown,
        }
    }
}

/// The application is HTTP/3.
fn http3(code: u64) -> Verdict {
    Code::http3(code).received()
}

/// The natural accepting loop of a service, with its site.
async fn serve(connection: &Connection, end: Endpoint, codes: Reading) -> Disconnect {
    loop {
        match connection.accept_uni().await {
            Ok(stream) => drop(stream),
            Err(ConnectionError::ApplicationClosed(frame)) => return end.resolve(codes(frame.error_code.into_inner())),
            Err(error) => return end.failed(&error),
        }
    }
}

pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role] if role == "agent" => {
            let identity = Identity::new()?;
            let agents = agent(Setup::default().server(&identity)?, any_port())?;
            say(&agents.local_addr()?.to_string());
            say(&hex(&identity.certificate));
            let connection = agents.accept().await.ok_or("the endpoint is closed")?.await?;
            drop(serve(&connection, AGENT, own::received).await);
            Ok(())
        }
        [role, address, certificate] if role == "client" => {
            let clients = client(&Setup::default(), &unhex(certificate)?.into())?;
            let connection = dial(&clients, address.parse()?).await?;
            drop(serve(&connection, CLIENT, own::received).await);
            Ok(())
        }
        other => Err(format!("unknown arguments {other:?}").into()),
    }
}
