//! Single streams: resets, refusals to read on, and errors through `AsyncRead` and `AsyncWrite`.

use disconnect_core::{Code, Disconnect, Endpoint};
use quinn::{Connection, ReadError, VarInt, WriteError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::Outcome;
use super::faults::violate;
use super::link::{Failure, IDLE, Link, Setup};
use super::violator::BadFrame;
use super::{AGENT, CLIENT, Codes, http3, own_codes};
use crate::matrix::{Case, Matrix};

/// One stream ends and the connection continues. Reader and writer are separate tasks.
pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, code, codes) in [
        ("stream reset with H3_REQUEST_CANCELLED", 0x10c, http3 as Codes),
        ("stream reset with a code nobody knows", 9, own_codes),
    ] {
        let link = Link::up().await?;
        let (mut sending, mut receiving) = stream(&link.client, &link.agent).await?;
        sending.reset(VarInt::from_u64(code)?)?;
        let end = match receiving.read_to_end(64).await.err() {
            Some(quinn::ReadToEndError::Read(ReadError::Reset(code))) => AGENT.resolve(codes(code.into_inner())),
            Some(error) => AGENT.failed(&error),
            None => AGENT.closed_by_peer(),
        };
        matrix.add(Case::new("quic", injected, "agent", end));
    }

    let link = Link::up().await?;
    let (sending, mut receiving) = stream(&link.client, &link.agent).await?;
    receiving.stop(VarInt::from_u64(0x107)?)?;
    let end = match sending.stopped().await? {
        Some(code) => CLIENT.received(Code::http3(code.into_inner())),
        None => CLIENT.closed_locally(),
    };
    matrix.add(Case::new("quic", "STOP_SENDING with H3_EXCESSIVE_LOAD", "client", end));

    let link = Link::up().await?;
    let (mut sending, mut receiving) = stream(&link.client, &link.agent).await?;
    receiving.stop(VarInt::from_u64(9)?)?;
    sending.stopped().await?;
    let end = match sending.write(b"more").await {
        Err(error @ WriteError::Stopped(_)) => CLIENT.failed(&error),
        other => return Err(format!("the stream was to be stopped: {other:?}").into()),
    };
    matrix.add(Case::new("quic", "STOP_SENDING with a code nobody knows", "client", end));

    let link = Link::up().await?;
    let (mut sending, receiving) = stream(&link.client, &link.agent).await?;
    drop(receiving);
    sending.stopped().await?;
    let end = match sending.write(b"more").await {
        Err(error @ WriteError::Stopped(_)) => CLIENT.failed(&error),
        other => return Err(format!("the stream was to be stopped: {other:?}").into()),
    };
    matrix.add(Case::new("quic", "reader of the agent dropped", "client", end));

    through_io(matrix).await
}

/// The same through `AsyncRead` and `AsyncWrite`, which return an `io::Error` with inner errors.
async fn through_io(matrix: &mut Matrix) -> Outcome {
    let link = Link::up().await?;
    let (mut sending, mut receiving) = stream(&link.client, &link.agent).await?;
    sending.reset(VarInt::from_u32(9))?;
    let end = read(&mut receiving, AGENT).await;
    matrix.add(Case::new("quic", "stream reset, through AsyncRead", "agent", end));

    let link = Link::up().await?;
    let (mut sending, mut receiving) = stream(&link.client, &link.agent).await?;
    receiving.stop(VarInt::from_u32(9))?;
    sending.stopped().await?;
    let end = match AsyncWriteExt::write_all(&mut sending, b"more").await {
        Ok(()) => return Err("the stream was to be stopped".into()),
        Err(error) => CLIENT.failed(&error),
    };
    matrix.add(Case::new("quic", "STOP_SENDING, through AsyncWrite", "client", end));

    let link = Link::up().await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    link.client.close(VarInt::from_u32(77), b"");
    let end = read(&mut receiving, AGENT).await;
    matrix.add(Case::new("quic", "close with 77, through AsyncRead", "agent", end));

    let broken = Setup::default();
    let link = Link::between(&broken, &Setup::default()).await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    violate(&broken, BadFrame::UnknownType, &link.client).await?;
    let end = read(&mut receiving, AGENT).await;
    matrix.add(Case::new("quic", "bad frame, through AsyncRead", "agent", end));

    let quiet = Setup::gives_up_after(IDLE);
    let link = Link::between(&Setup::default(), &quiet).await?;
    let (_sending, mut receiving) = stream(&link.client, &link.agent).await?;
    let end = read(&mut receiving, AGENT).await;
    matrix.add(Case::new("quic", "silence, through AsyncRead", "agent", end));
    Ok(())
}

/// Opens a stream and sends half a message, so that the other side sees the stream.
pub(super) async fn stream(
    from: &Connection,
    to: &Connection,
) -> Result<(quinn::SendStream, quinn::RecvStream), Failure> {
    let mut sending = from.open_uni().await?;
    sending.write_all(b"line").await?;
    Ok((sending, to.accept_uni().await?))
}

async fn read(stream: &mut quinn::RecvStream, end: Endpoint) -> Disconnect {
    let mut buffer = [0; 64];
    loop {
        match AsyncReadExt::read(stream, &mut buffer).await {
            Ok(0) => return end.closed_by_peer(),
            Ok(_) => {}
            Err(error) => return end.failed(&error),
        }
    }
}
