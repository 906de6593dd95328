//! A connection that two tasks serve with a channel between them. The other task ends first.

use std::convert::Infallible;
use std::error::Error;
use std::panic::resume_unwind;

use disconnect_core::{Disconnect, DisconnectHandle};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{AGENT, CLIENT, PROTOCOL, serve};
use crate::line::line;
use crate::loopback::{pair, reset};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::tokio as recipe;
use crate::recipes::tokio_channels::{closed, closed_with};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    own_failures(matrix).await?;
    of_std(matrix).await?;
    ended_by_the_peer(matrix).await
}

/// A panic without the hook that prints.
fn panic(_dropped: impl Sized) {
    resume_unwind(Box::new("injected"))
}

/// The agent's other task fails by itself. The client is still connected.
async fn own_failures(matrix: &mut Matrix) -> Outcome {
    let (client, _agent) = (pair().await?, ());
    let (send, receive) = mpsc::channel::<()>(1);
    drop(tokio::spawn(async move { drop(receive) }).await);
    let end = gave_up(client.1, send.send(()).await).await;
    matrix.add(Case::new(PROTOCOL, "tokio mpsc: the receiver's task has ended", "agent", end));
    matrix.add(Case::new(
        PROTOCOL,
        "tokio mpsc: the receiver's task has ended",
        "client",
        serve(client.0, CLIENT).await,
    ));

    let (_client, agent) = pair().await?;
    let (send, mut receive) = mpsc::channel::<()>(1);
    drop(tokio::spawn(async move { panic(send) }).await);
    let end = gave_up(agent, receive.recv().await.ok_or(Emptied)).await;
    matrix.add(Case::new(PROTOCOL, "tokio mpsc: the sender's task panics", "agent", end));

    let (_client, agent) = pair().await?;
    let (send, receive) = oneshot::channel::<()>();
    drop(tokio::spawn(async move { panic(send) }).await);
    let end = gave_up(agent, receive.await).await;
    matrix.add(Case::new(PROTOCOL, "tokio oneshot: the sender's task panics", "agent", end));

    let (_client, agent) = pair().await?;
    let (send, mut receive) = broadcast::channel(1);
    let ended = tokio::spawn(async move { [1, 2].map(|n| send.send(n).is_ok()) });
    drop(ended.await);
    let end = gave_up(agent, receive.recv().await).await;
    matrix.add(Case::new(PROTOCOL, "tokio broadcast: this task lags behind", "agent", end));
    let (_client, agent) = pair().await?;
    receive.recv().await?;
    let end = gave_up(agent, receive.recv().await).await;
    matrix.add(Case::new(PROTOCOL, "tokio broadcast: the sender's task has ended", "agent", end));

    let (_client, agent) = pair().await?;
    let (send, mut receive) = watch::channel(());
    drop(tokio::spawn(async move { panic(send) }).await);
    let end = gave_up(agent, receive.changed().await).await;
    matrix.add(Case::new(PROTOCOL, "tokio watch: the sender's task panics", "agent", end));
    Ok(())
}

/// `recv()` returned `None`.
#[derive(Debug)]
struct Emptied;

impl std::fmt::Display for Emptied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody sends any more")
    }
}

impl Error for Emptied {}

async fn of_std(matrix: &mut Matrix) -> Outcome {
    let (_client, agent) = pair().await?;
    let (send, receive) = std::sync::mpsc::channel();
    let _ended = std::thread::spawn(move || drop(receive)).join();
    let end = gave_up(agent, send.send(())).await;
    matrix.add(Case::new(PROTOCOL, "std mpsc: the receiver's thread has ended", "agent", end));

    let (_client, agent) = pair().await?;
    let (send, receive) = std::sync::mpsc::channel::<()>();
    let _panicked = std::thread::spawn(move || panic(send)).join();
    let end = gave_up(agent, receive.recv()).await;
    matrix.add(Case::new(PROTOCOL, "std mpsc: the sender's thread panics", "agent", end));
    Ok(())
}

/// The end of a connection whose task finds its channel like this.
async fn gave_up<T, E: Error>(stream: TcpStream, met: Result<T, E>) -> Disconnect {
    line(AGENT, async |ended| -> Result<_, Infallible> {
        let _closed_at_the_end = stream;
        Ok(match met {
            Ok(_) => AGENT.closed_locally(),
            Err(error) => closed_with(&error, AGENT, &ended),
        })
    })
    .await
}

/// The other task ends because the connection did, and has recorded the end on its handle.
async fn ended_by_the_peer(matrix: &mut Matrix) -> Outcome {
    let (agent, client) = pair().await?;
    reset(client)?;
    let end = line(AGENT, async |ended| -> Result<_, Infallible> {
        let (send, receive) = mpsc::channel::<()>(1);
        let writer = write(agent, ended.clone(), receive);
        writer.await.ok();
        Ok(send.send(()).await.map_or_else(|error| closed_with(&error, AGENT, &ended), |()| AGENT.closed_locally()))
    });
    matrix.add(Case::new(PROTOCOL, "tokio mpsc: the writer's task met a reset", "agent", end.await));

    let (agent, client) = pair().await?;
    reset(client)?;
    let end = line(AGENT, async |ended| -> Result<_, Infallible> {
        let (send, receive) = oneshot::channel::<()>();
        drop(write(agent, ended.clone(), send));
        Ok(receive.await.map_or_else(|_closed| closed(AGENT, &ended), |()| AGENT.closed_locally()))
    });
    matrix.add(Case::new(PROTOCOL, "tokio oneshot: the writer's task met a reset", "agent", end.await));

    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    let end = line(AGENT, async |ended| -> Result<_, Infallible> {
        let (send, receive) = mpsc::channel::<()>(1);
        let told = ended.clone();
        let reader = async move {
            let _open_until_told = receive;
            match recipe::serve(agent, AGENT, super::LONG).await {
                Ok(end) => told.set(end),
                Err(error) => told.failed(&error),
            }
        };
        tokio::spawn(reader).await.ok();
        Ok(send.send(()).await.map_or_else(|error| closed_with(&error, AGENT, &ended), |()| AGENT.closed_locally()))
    });
    matrix.add(Case::new(PROTOCOL, "tokio mpsc: the reader's task heard a goodbye", "agent", end.await));
    Ok(())
}

/// A task that writes until a write fails, and then drops its side of a channel.
fn write(mut stream: TcpStream, ended: DisconnectHandle, channel: impl Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        let _open_until_told = channel;
        loop {
            if let Err(error) = stream.write_all(b"line 1\n").await {
                ended.failed(&error);
                break;
            }
        }
    })
}
