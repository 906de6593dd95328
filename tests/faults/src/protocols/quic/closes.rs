//! Connections that one side closes on purpose, and handles that are dropped.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint};
use quinn::{Connection, VarInt};

use super::super::Outcome;
use super::link::{Failure, Link};
use super::{AGENT, CLIENT, Reading, http3, own, serve};
use crate::line::line;
use crate::matrix::{Matrix, truth};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    by_applications(matrix).await?;
    zero_closes(matrix).await?;
    own_closes(matrix).await
}

/// How a service closes: what it means is known before, and the error that follows says nothing new.
async fn close(connection: &Connection, end: Endpoint, code: u64, meant: Verdict) -> Result<Disconnect, Failure> {
    let code = VarInt::from_u64(code)?;
    Ok(line(end, async |ended| {
        ended.set(end.resolve(meant));
        connection.close(code, b"");
        Err(connection.closed().await)
    })
    .await)
}

/// Application closes with a code that has a meaning, by either side, as the other one sees them.
async fn by_applications(matrix: &mut Matrix) -> Outcome {
    let own: Reading = own::received;
    let by_agent = [
        ("close with the application's own goodbye", own::DONE, own, truth(Why::Graceful, By::Agent)),
        ("close with the application's own going away", own::GOING_AWAY, own, truth(Why::ServerShutdown, By::Agent)),
        ("close with an application code nobody knows", 77, own, truth(Why::Unknown, By::Agent)),
        ("close with the largest code there is", (1 << 62) - 1, own, truth(Why::Unknown, By::Agent)),
        ("close with H3_NO_ERROR", 0x100, http3, truth(Why::ServerShutdown, By::Agent)),
        ("close with H3_GENERAL_PROTOCOL_ERROR", 0x101, http3, truth(Why::ProtocolError, By::Client)),
        ("close with H3_INTERNAL_ERROR", 0x102, http3, truth(Why::Unknown, By::Agent)),
        ("close with H3_EXCESSIVE_LOAD", 0x107, http3, truth(Why::Unknown, By::Agent)),
    ];
    for (injected, code, codes, truth) in by_agent {
        let link = Link::up().await?;
        link.agent.close(VarInt::from_u64(code)?, b"\x1b[31mred");
        matrix.decidable("quic", injected, "client", truth, serve(&link.client, CLIENT, codes).await);
    }
    let by_client = [
        ("close with the application's own goodbye", own::DONE, own, truth(Why::ClientClosed, By::Client)),
        ("close with an application code nobody knows", 77, own, truth(Why::Unknown, By::Client)),
        ("close with H3_NO_ERROR", 0x100, http3, truth(Why::ClientClosed, By::Client)),
        ("close with H3_REQUEST_CANCELLED", 0x10c, http3, truth(Why::ClientClosed, By::Client)),
        ("close with H3_MISSING_SETTINGS", 0x10a, http3, truth(Why::ProtocolError, By::Agent)),
    ];
    for (injected, code, codes, truth) in by_client {
        let link = Link::up().await?;
        link.client.close(VarInt::from_u64(code)?, b"");
        matrix.decidable("quic", injected, "agent", truth, serve(&link.agent, AGENT, codes).await);
    }
    Ok(())
}

/// Code 0: a goodbye, and what a handle says that is dropped.
async fn zero_closes(matrix: &mut Matrix) -> Outcome {
    const ALIKE: &str = "a dropped handle sends the same code";
    let zero = VarInt::from_u32(0);

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    drop(agent);
    let end = serve(&client, CLIENT, own::received).await;
    matrix.decidable("quic", "handle dropped by the agent", "client", truth(Why::Unknown, By::Agent), end);

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    let panicking = tokio::spawn(async move {
        let _client = client;
        // As a panic, but without its message on the terminal.
        std::panic::resume_unwind(Box::new("injected"));
    });
    drop(panicking.await);
    let end = serve(&agent, AGENT, own::received).await;
    matrix.decidable("quic", "task of the client panicked", "agent", truth(Why::Unknown, By::Client), end);

    let link = Link::up().await?;
    link.agent.close(zero, b"bye");
    let end = serve(&link.client, CLIENT, own::received).await;
    matrix.undecidable("quic", "close with 0, meant", "client", truth(Why::Graceful, By::Agent), end, ALIKE);

    let link = Link::up().await?;
    link.client.close(zero, b"bye");
    let end = serve(&link.agent, AGENT, own::received).await;
    matrix.undecidable("quic", "close with 0, meant", "agent", truth(Why::ClientClosed, By::Client), end, ALIKE);
    Ok(())
}

/// Closes as the side sees them that closed, and the whole endpoint's.
async fn own_closes(matrix: &mut Matrix) -> Outcome {
    let link = Link::up().await?;
    let end = close(&link.client, CLIENT, own::DONE, Verdict::closed(Side::Local)).await?;
    matrix.decidable("quic", "our own goodbye", "client", truth(Why::ClientClosed, By::Client), end);

    let link = Link::up().await?;
    let end = close(&link.agent, AGENT, 0x100, Code::http3(0x100).sent()).await?;
    matrix.decidable("quic", "our own H3_NO_ERROR", "agent", truth(Why::ServerShutdown, By::Agent), end);

    let link = Link::up().await?;
    let end = close(&link.agent, AGENT, 0x106, Code::http3(0x106).sent()).await?;
    matrix.decidable("quic", "our own H3_FRAME_ERROR", "agent", truth(Why::ProtocolError, By::Client), end);

    // A task that learns only from its connection that another one has closed it: the other one said why.
    let link = Link::up().await?;
    link.client.close(VarInt::from_u64(own::DONE)?, b"");
    let end = serve(&link.client, CLIENT, own::received).await;
    let why = "the error of a local close does not say why we closed";
    matrix.undecidable(
        "quic",
        "our own goodbye, seen by a sibling",
        "client",
        truth(Why::ClientClosed, By::Client),
        end,
        why,
    );

    let link = Link::up().await?;
    let end = AGENT.shutting_down();
    link.agents.close(VarInt::from_u64(own::GOING_AWAY)?, b"maintenance");
    matrix.decidable("quic", "endpoint closed", "agent", truth(Why::ServerShutdown, By::Agent), end);
    let end = serve(&link.client, CLIENT, own::received).await;
    matrix.decidable("quic", "endpoint closed", "client", truth(Why::ServerShutdown, By::Agent), end);
    Ok(())
}
