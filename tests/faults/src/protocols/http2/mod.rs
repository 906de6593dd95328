//! HTTP/2 with h2 and hyper: a client that follows a stream of events, the server that sends them, and how both end.

mod client;
mod goodbyes;
mod handlers;
mod hyper;
mod losses;
mod many;
mod secure;
mod server;
mod violations;

use disconnect_core::Endpoint;
use disconnect_faults::FaultProxy;

use self::client::Client;
use super::Outcome;
use crate::loopback::pair_through_proxy;
use crate::matrix::{Case, Matrix};
use crate::recipes::h2::CLASSIFIER;

const PROTOCOL: &str = "http2";

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    goodbyes::run(matrix).await?;
    violations::run(matrix).await?;
    losses::run(matrix).await?;
    handlers::run(matrix).await?;
    secure::run(matrix).await?;
    hyper::run(matrix).await?;
    many::run(matrix).await
}

pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    losses::peer(arguments).await
}

/// The roles of the two sides.
#[derive(Clone, Copy)]
struct Link {
    client: Stand,
    server: Stand,
}

/// A role with its endpoint.
type Stand = (&'static str, Endpoint);

const fn stand(role: &'static str, end: Endpoint) -> Stand {
    (role, end.with_classifier(&CLASSIFIER))
}

impl Link {
    /// A client that receives events from the server.
    const CONTROL: Self = Self {
        client: stand("client", Endpoint::CLIENT_FACING_SERVER),
        server: stand("server", Endpoint::SERVER_FACING_CLIENT),
    };
    /// A client that receives events from an agent.
    const SESSION: Self = Self {
        client: stand("client", Endpoint::CLIENT_FACING_AGENT),
        server: stand("agent", Endpoint::AGENT_FACING_CLIENT),
    };
    /// An agent that receives events from the server.
    const COORDINATION: Self = Self {
        client: stand("agent", Endpoint::AGENT_FACING_SERVER),
        server: stand("server", Endpoint::SERVER_FACING_AGENT),
    };

    /// A connection after its first event.
    async fn following(self) -> Result<Following, Failure> {
        let (near, far, proxy) = pair_through_proxy().await?;
        let server = server::start(far, self.server.1);
        let client = Client::connect(near, self.client.1).await?.start();
        client.first.notified().await;
        Ok(Following { link: self, client, server, proxy })
    }
}

/// Both sides of a connection with an open stream.
struct Following {
    link: Link,
    client: client::Started,
    server: server::Started,
    /// The proxy between the two.
    proxy: FaultProxy,
}

impl Following {
    /// Adds the ends of both sides, after both have ended by themselves.
    async fn both(self, matrix: &mut Matrix, injected: &str) -> Outcome {
        let server = self.server.ended().await?;
        matrix.add(Case::new(PROTOCOL, injected, self.link.client.0, self.client.ended().await?));
        matrix.add(Case::new(PROTOCOL, injected, self.link.server.0, server));
        Ok(())
    }
}
