//! Connections that one side closes on purpose, and handles that are dropped.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, Endpoint};
use quinn::{Connection, VarInt};

use super::super::Outcome;
use super::link::{Failure, Link};
use super::{AGENT, CLIENT, Codes, agent_end, client_end, http3, no_codes, own_codes, serve};
use crate::line::line;
use crate::matrix::{Case, Matrix};
use crate::recipes::quinn::{DONE, GOING_AWAY};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    by_applications(matrix).await?;
    zero_closes(matrix).await?;
    undecided_zeros(matrix).await?;
    own_closes(matrix).await?;
    siblings(matrix).await
}

/// Closes as a service does: records the end first. The error that follows adds nothing.
async fn close(connection: &Connection, end: Endpoint, code: u64, meant: Verdict) -> Result<Disconnect, Failure> {
    let code = VarInt::from_u64(code)?;
    Ok(line(end, async |ended| {
        ended.set(end.resolve(meant));
        connection.close(code, b"");
        Err(connection.closed().await)
    })
    .await)
}

/// Application closes with a defined code, by either side, at the other side.
async fn by_applications(matrix: &mut Matrix) -> Outcome {
    let own: Codes = own_codes;
    let by_agent = [
        ("close with the application's own goodbye", DONE, own),
        ("close with the application's own going away", GOING_AWAY, own),
        ("close with an application code nobody knows", 77, own),
        ("close with the largest code there is", (1 << 62) - 1, own),
        ("close with H3_NO_ERROR", 0x100, http3),
        ("close with H3_GENERAL_PROTOCOL_ERROR", 0x101, http3),
        ("close with H3_INTERNAL_ERROR", 0x102, http3),
        ("close with H3_EXCESSIVE_LOAD", 0x107, http3),
    ];
    for (injected, code, codes) in by_agent {
        let link = Link::up().await?;
        link.agent.close(VarInt::from_u64(code)?, b"\x1b[31mred");
        matrix.add(Case::new("quic", injected, "client", serve(&link.client, CLIENT, codes).await));
    }
    let by_client = [
        ("close with the application's own goodbye", DONE, own),
        ("close with an application code nobody knows", 77, own),
        ("close with H3_NO_ERROR", 0x100, http3),
        ("close with H3_REQUEST_CANCELLED", 0x10c, http3),
        ("close with H3_MISSING_SETTINGS", 0x10a, http3),
    ];
    for (injected, code, codes) in by_client {
        let link = Link::up().await?;
        link.client.close(VarInt::from_u64(code)?, b"");
        matrix.add(Case::new("quic", injected, "agent", serve(&link.agent, AGENT, codes).await));
    }
    Ok(())
}

/// Panics in a task, without a message on the terminal, and so drops what the task owns.
pub(super) async fn panic_with<T: Send + 'static>(owned: T) {
    let task = tokio::spawn(async move {
        let _owned = owned;
        std::panic::resume_unwind(Box::new("injected"));
    });
    drop(task.await);
}

/// Code 0, which is no code of the application: quinn sends it for a dropped handle.
async fn zero_closes(matrix: &mut Matrix) -> Outcome {
    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    drop(agent);
    matrix.add(Case::new("quic", "handle dropped by the agent", "client", client_end(&client).await));

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    drop(client);
    matrix.add(Case::new("quic", "handle dropped by the client", "agent", agent_end(&agent).await));

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    panic_with(agent).await;
    matrix.add(Case::new("quic", "task of the agent panicked", "client", client_end(&client).await));

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    panic_with(client).await;
    matrix.add(Case::new("quic", "task of the client panicked", "agent", agent_end(&agent).await));

    let done = VarInt::from_u64(DONE)?;
    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    agent.close(done, b"");
    panic_with(agent).await;
    matrix.add(Case::new("quic", "goodbye of the agent, then its task panics", "client", client_end(&client).await));

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    client.close(done, b"");
    panic_with(client).await;
    matrix.add(Case::new("quic", "goodbye of the client, then its task panics", "agent", agent_end(&agent).await));
    Ok(())
}

/// Code 0 of an application without codes: a goodbye or a dropped handle.
async fn undecided_zeros(matrix: &mut Matrix) -> Outcome {
    for meant in [true, false] {
        let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
        let injected = if meant { "close with 0, meant" } else { "handle dropped by the agent, no codes of its own" };
        zero(agent, meant).await;
        let end = serve(&client, CLIENT, no_codes).await;
        matrix.add(Case::new("quic", injected, "client", end).observed(format!("{:?}", client.close_reason())));

        let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
        let injected = if meant { "close with 0, meant" } else { "handle dropped by the client, no codes of its own" };
        zero(client, meant).await;
        let end = serve(&agent, AGENT, no_codes).await;
        matrix.add(Case::new("quic", injected, "agent", end).observed(format!("{:?}", agent.close_reason())));
    }
    Ok(())
}

async fn zero(connection: Connection, meant: bool) {
    if meant {
        connection.close(VarInt::from_u32(0), b"");
    } else {
        panic_with(connection).await;
    }
}

/// Closes at the side that closed, and the close of the whole endpoint.
async fn own_closes(matrix: &mut Matrix) -> Outcome {
    let link = Link::up().await?;
    let end = close(&link.client, CLIENT, DONE, Verdict::closed(Side::Local)).await?;
    matrix.add(Case::new("quic", "our own goodbye", "client", end));

    let link = Link::up().await?;
    let end = close(&link.agent, AGENT, GOING_AWAY, Verdict::going_away(Side::Local)).await?;
    matrix.add(Case::new("quic", "our own going away", "agent", end));

    let link = Link::up().await?;
    let end = close(&link.agent, AGENT, 0x100, Code::http3(0x100).sent()).await?;
    matrix.add(Case::new("quic", "our own H3_NO_ERROR", "agent", end));

    let link = Link::up().await?;
    let end = close(&link.agent, AGENT, 0x106, Code::http3(0x106).sent()).await?;
    matrix.add(Case::new("quic", "our own H3_FRAME_ERROR", "agent", end));

    let link = Link::up().await?;
    let end = AGENT.shutting_down();
    link.agents.close(VarInt::from_u64(GOING_AWAY)?, b"maintenance");
    matrix.add(Case::new("quic", "endpoint closed", "agent", end));
    matrix.add(Case::new("quic", "endpoint closed", "client", client_end(&link.client).await));
    Ok(())
}

/// Another task closed the connection. Both tasks share a guard, and the other task has or has not recorded the end.
async fn siblings(matrix: &mut Matrix) -> Outcome {
    let link = Link::up().await?;
    let done = VarInt::from_u64(DONE)?;
    let end = line(CLIENT, async |ended| {
        let closing = link.client.clone();
        let sibling = ended.clone();
        let closed = tokio::spawn(async move {
            sibling.set(CLIENT.closed_locally());
            closing.close(done, b"");
        });
        let end = client_end(&link.client).await;
        closed.await.map(|()| end)
    })
    .await;
    matrix.add(Case::new("quic", "our own goodbye, seen by a sibling", "client", end));

    let link = Link::up().await?;
    link.agent.close(VarInt::from_u32(0), b"");
    matrix.add(Case::new("quic", "our own handle dropped, nothing said", "agent", agent_end(&link.agent).await));
    Ok(())
}
