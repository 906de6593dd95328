//! Many streams on one connection, which all log the same end.

use disconnect_core::{Disconnect, Endpoint};
use futures_util::future::join_all;
use quinn::{Connection, RecvStream, SendStream, VarInt};

use super::super::Outcome;
use super::closes::panic_with;
use super::faults::violate;
use super::link::{Failure, IDLE, Link, Setup};
use super::vanished::agent_process;
use super::violator::BadFrame;
use super::{AGENT, CLIENT, agent_end, own_codes};
use crate::matrix::{Case, Matrix};
use crate::recipes::quinn::{DONE, read_messages};

const MANY: usize = 32;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    let done = VarInt::from_u64(DONE)?;
    let goodbye = "many streams, the application's own goodbye";

    let link = Link::up().await?;
    let (_sending, mut receiving) = streams(&link.agent, &link.client).await?;
    link.agent.close(done, b"");
    matrix.add(Case::new("quic", goodbye, "client", ends(&mut receiving, CLIENT).await?));

    let link = Link::up().await?;
    let (_sending, mut receiving) = streams(&link.client, &link.agent).await?;
    link.client.close(done, b"");
    matrix.add(Case::new("quic", goodbye, "agent", ends(&mut receiving, AGENT).await?));

    let (peer, clients, address) = agent_process(&Setup::gives_up_after(IDLE)).await?;
    let connection = super::dial(&clients, address).await?;
    let mut stopped = Vec::new();
    for _ in 0..MANY {
        let mut stream = connection.open_uni().await?;
        stream.write_all(b"messages").await?;
        stopped.push(stream);
    }
    peer.kill().await?;
    let all = join_all(stopped.iter().map(async |stream| match stream.stopped().await {
        Ok(_) => CLIENT.closed_by_peer(),
        Err(error) => CLIENT.failed(&error),
    }));
    matrix.add(Case::new("quic", "many streams, kill -9 of the agent", "client", same(all.await)?));

    let broken = Setup::default();
    let link = Link::between(&broken, &Setup::default()).await?;
    let (_sending, mut receiving) = streams(&link.client, &link.agent).await?;
    violate(&broken, BadFrame::UnknownType, &link.client).await?;
    matrix.add(Case::new("quic", "many streams, a bad frame on one", "agent", ends(&mut receiving, AGENT).await?));

    let link = Link::up().await?;
    let (sending, mut receiving) = streams(&link.client, &link.agent).await?;
    panic_with((sending, link.client)).await;
    matrix.add(Case::new(
        "quic",
        "many streams, the task of the client panics",
        "agent",
        ends(&mut receiving, AGENT).await?,
    ));

    let link = Link::up().await?;
    let (mut sending, mut receiving) = streams(&link.client, &link.agent).await?;
    sending[0].reset(VarInt::from_u32(9))?;
    // The reset stream has its own end, not that of the connection.
    drop(read_messages(&mut receiving[0], AGENT, own_codes).await);
    link.client.close(done, b"");
    let injected = "many streams, one reset, then the application's own goodbye";
    matrix.add(Case::new("quic", injected, "agent", agent_end(&link.agent).await));
    Ok(())
}

/// Opens streams with one message on each.
async fn streams(from: &Connection, to: &Connection) -> Result<(Vec<SendStream>, Vec<RecvStream>), Failure> {
    let (mut sending, mut receiving) = (Vec::new(), Vec::new());
    for _ in 0..MANY {
        let mut stream = from.open_uni().await?;
        stream.write_all(b"messages").await?;
        sending.push(stream);
        receiving.push(to.accept_uni().await?);
    }
    Ok((sending, receiving))
}

async fn ends(streams: &mut [RecvStream], end: Endpoint) -> Result<Disconnect, Failure> {
    same(join_all(streams.iter_mut().map(|stream| read_messages(stream, end, own_codes))).await)
}

/// The end that all of them log.
fn same(mut ends: Vec<Disconnect>) -> Result<Disconnect, Failure> {
    let first = ends.pop().ok_or("no stream")?;
    let told = |end: &Disconnect| (end.reason().as_str(), end.initiator().map(disconnect_core::Category::as_str));
    match ends.iter().find(|end| told(end) != told(&first)) {
        Some(other) => Err(format!("two streams disagree: {first:?} and {other:?}").into()),
        None => Ok(first),
    }
}
