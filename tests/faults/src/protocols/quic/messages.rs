//! Streams of messages: truncated, finished, closed by this side, and the results of `stopped()`.

use disconnect_core::Endpoint;
use quinn::{Connection, VarInt};

use super::super::Outcome;
use super::closes::panic_with;
use super::faults::violate;
use super::link::{IDLE, Link, Setup, dial};
use super::streams::stream;
use super::vanished::agent_process;
use super::violator::BadFrame;
use super::{AGENT, CLIENT, own_codes};
use crate::line::line;
use crate::matrix::{Case, Matrix};
use crate::recipes::quinn::{DONE, LAST, lost, read_messages};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    cut_short(matrix).await?;
    closed_meanwhile(matrix).await?;
    failing_meanwhile(matrix).await?;
    finished(matrix).await?;
    our_own(matrix).await?;
    stopped(matrix).await
}

/// The stream of one side after half a message.
async fn cut_short(matrix: &mut Matrix) -> Outcome {
    let finished = "read_exact: finished inside a message";
    let link = Link::up().await?;
    let (mut sending, mut receiving) = stream(&link.client, &link.agent).await?;
    sending.finish()?;
    matrix.add(Case::new("quic", finished, "agent", read_messages(&mut receiving, AGENT, own_codes).await));

    let link = Link::up().await?;
    let (mut sending, mut receiving) = stream(&link.agent, &link.client).await?;
    sending.finish()?;
    matrix.add(Case::new("quic", finished, "client", read_messages(&mut receiving, CLIENT, own_codes).await));

    let link = Link::up().await?;
    let (mut sending, mut receiving) = stream(&link.client, &link.agent).await?;
    sending.reset(VarInt::from_u32(9))?;
    let end = read_messages(&mut receiving, AGENT, own_codes).await;
    matrix.add(Case::new("quic", "read_exact: stream reset inside a message", "agent", end));

    let link = Link::up().await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    let end = match receiving.read_to_end(2).await {
        Ok(_) => AGENT.closed_by_peer(),
        Err(error) => AGENT.failed(&error),
    };
    matrix.add(Case::new("quic", "read_to_end: more than the limit", "agent", end));
    Ok(())
}

/// The connection is closed while a message is awaited.
async fn closed_meanwhile(matrix: &mut Matrix) -> Outcome {
    let goodbye = "read_exact: the application's own goodbye";
    for (injected, code) in [(goodbye, DONE), ("read_exact: close with 77", 77)] {
        let link = Link::up().await?;
        let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
        link.client.close(VarInt::from_u64(code)?, b"");
        matrix.add(Case::new("quic", injected, "agent", read_messages(&mut receiving, AGENT, own_codes).await));
    }
    let link = Link::up().await?;
    let (_sending, mut receiving) = stream(&link.agent, &link.client).await?;
    link.agent.close(VarInt::from_u64(DONE)?, b"");
    matrix.add(Case::new("quic", goodbye, "client", read_messages(&mut receiving, CLIENT, own_codes).await));
    Ok(())
}

/// The connection fails while a message is awaited.
async fn failing_meanwhile(matrix: &mut Matrix) -> Outcome {
    let link = Link::between(&Setup::default(), &Setup::gives_up_after(IDLE)).await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    matrix.add(Case::new(
        "quic",
        "read_exact: silence",
        "agent",
        read_messages(&mut receiving, AGENT, own_codes).await,
    ));

    let broken = Setup::default();
    let link = Link::between(&broken, &Setup::default()).await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    violate(&broken, BadFrame::UnknownType, &link.client).await?;
    matrix.add(Case::new(
        "quic",
        "read_exact: bad frame",
        "agent",
        read_messages(&mut receiving, AGENT, own_codes).await,
    ));
    Ok(())
}

/// A stream that is finished between two messages: on purpose, by a panic, and after a last message.
async fn finished(matrix: &mut Matrix) -> Outcome {
    for (injected, meant) in [("stream finished, meant", true), ("stream finished by a panic", false)] {
        let link = Link::up().await?;
        let mut sending = link.client.open_uni().await?;
        sending.write_all(b"messages").await?;
        let mut receiving = link.agent.accept_uni().await?;
        if meant {
            sending.finish()?;
        } else {
            panic_with(sending).await;
        }
        let end = read_messages(&mut receiving, AGENT, own_codes).await;
        let observation = format!("{:?}, {:?}", receiving.read(&mut [0]).await, link.agent.close_reason());
        matrix.add(Case::new("quic", injected, "agent", end).observed(observation));
    }
    let link = Link::up().await?;
    let mut sending = link.client.open_uni().await?;
    sending.write_all(&LAST).await?;
    sending.finish()?;
    let mut receiving = link.agent.accept_uni().await?;
    matrix.add(Case::new(
        "quic",
        "last message, then finish",
        "agent",
        read_messages(&mut receiving, AGENT, own_codes).await,
    ));
    Ok(())
}

/// Streams that this side closed and used again.
async fn our_own(matrix: &mut Matrix) -> Outcome {
    let link = Link::up().await?;
    let (mut sending, _receiving) = stream(&link.client, &link.agent).await?;
    sending.finish()?;
    let end = line(CLIENT, async |_| {
        sending.write_all(b"more").await?;
        Ok::<_, quinn::WriteError>(CLIENT.closed_locally())
    });
    matrix.add(Case::new("quic", "write after our own finish, nothing said", "client", end.await));

    let link = Link::up().await?;
    let (mut sending, _receiving) = stream(&link.client, &link.agent).await?;
    let end = line(CLIENT, async |ended| {
        ended.set(CLIENT.closed_locally());
        sending.finish()?;
        sending.write_all(b"more").await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(ended.so_far())
    });
    matrix.add(Case::new("quic", "write after our own finish, said before", "client", end.await));

    let link = Link::up().await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    let end = line(AGENT, async |ended| {
        ended.set(AGENT.closed_locally());
        receiving.stop(VarInt::from_u32(9))?;
        // quinn reports that the stream is finished.
        Ok::<_, quinn::ClosedStream>(read_messages(&mut receiving, AGENT, own_codes).await)
    });
    matrix.add(Case::new("quic", "read after our own stop, said before", "agent", end.await));

    let link = Link::up().await?;
    let (mut sending, _receiving) = stream(&link.client, &link.agent).await?;
    sending.finish()?;
    let end = match sending.finish() {
        Ok(()) => return Err("finished twice".into()),
        Err(error) => CLIENT.failed(&error),
    };
    matrix.add(Case::new("quic", "finish twice", "client", end));
    Ok(())
}

/// A writer that waits until its reader has received everything or stops.
async fn stopped(matrix: &mut Matrix) -> Outcome {
    let link = Link::up().await?;
    let (sending, _receiving) = stream(&link.client, &link.agent).await?;
    link.agent.close(VarInt::from_u64(DONE)?, b"");
    let end = end_of(&sending, CLIENT).await?;
    matrix.add(Case::new("quic", "stopped(): the application's own goodbye", "client", end));

    let Link { client, agent, agents: _agents, clients: _clients } = Link::up().await?;
    let (sending, receiving) = stream(&client, &agent).await?;
    // The reader too: the close of the connection overtakes its STOP_SENDING.
    drop_together(agent, receiving);
    let end = end_of(&sending, CLIENT).await?;
    matrix.add(Case::new("quic", "stopped(): the handle of the agent is dropped", "client", end));

    let (peer, clients, address) = agent_process(&Setup::gives_up_after(IDLE)).await?;
    let connection = dial(&clients, address).await?;
    let mut sending = connection.open_uni().await?;
    sending.write_all(b"line").await?;
    peer.kill().await?;
    let end = end_of(&sending, CLIENT).await?;
    matrix.add(Case::new("quic", "stopped(): kill -9 of the agent", "client", end));
    Ok(())
}

/// Drops the last handles of a connection in the order in which a task drops its variables.
fn drop_together(connection: Connection, stream: quinn::RecvStream) {
    drop(connection);
    drop(stream);
}

async fn end_of(stream: &quinn::SendStream, end: Endpoint) -> Result<disconnect_core::Disconnect, super::Failure> {
    match stream.stopped().await {
        Err(quinn::StoppedError::ConnectionLost(error)) => Ok(lost(end, &error, own_codes)),
        Err(error) => Ok(end.failed(&error)),
        Ok(Some(code)) => Ok(end.resolve(own_codes(code.into_inner()))),
        Ok(None) => Err("the reader got everything".into()),
    }
}
