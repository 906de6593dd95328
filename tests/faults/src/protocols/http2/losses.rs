//! Connections that end without a goodbye, and deadlines.

use std::net::SocketAddr;
use std::time::Duration;

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::goodbyes::SILENT_GOAWAY;
use super::{Client, Failure, Link, PROTOCOL, Server};
use crate::loopback::{pair, reset, tap};
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;

const LOST: Truth = truth(Why::NetworkError, By::Network);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    killed(matrix).await?;
    cut(matrix).await?;
    idle(matrix).await?;
    truncated(matrix).await?;
    own(matrix).await
}

/// `kill -9` of either side, with a stream in flight and without.
async fn killed(matrix: &mut Matrix) -> Outcome {
    let (peer, stream) = server_process().await?;
    let client = Client::connect(stream, Link::CONTROL.client.1).await?.settled().await?.start();
    client.first.notified().await;
    peer.kill().await?;
    matrix.decidable(PROTOCOL, "kill -9 of the server", "client", LOST, client.ended().await?);

    let (peer, stream) = server_process().await?;
    let client = Client::connect(stream, Link::CONTROL.client.1).await?.settled().await?;
    peer.kill().await?;
    matrix.decidable(PROTOCOL, "kill -9 of the server while idle", "client", LOST, client.idle().await);

    let (mut peer, stream) = Peer::connected("http2", &["client"]).await?;
    let server = Server::start(stream, Link::CONTROL.server.1);
    peer.line().await?;
    peer.kill().await?;
    matrix.decidable(PROTOCOL, "kill -9 of the client", "server", LOST, server.ended().await?);
    Ok(())
}

/// A server in a process of its own.
pub(super) async fn server_process() -> Result<(Peer, TcpStream), Failure> {
    let mut peer = Peer::start("http2", &["server"])?;
    let address: SocketAddr = peer.line().await?.parse()?;
    Ok((peer, TcpStream::connect(address).await?))
}

/// RST and FIN with a stream in flight.
async fn cut(matrix: &mut Matrix) -> Outcome {
    let mut following = Link::SESSION.following().await?;
    following.taps.0.shutdown().await?;
    following.both(matrix, "FIN by the client", LOST).await?;

    let mut following = Link::COORDINATION.following().await?;
    following.taps.1.shutdown().await?;
    following.both(matrix, "FIN by the server", LOST).await?;

    // A reset needs the last hand on the socket: the raw peer has it.
    let (near, far) = pair().await?;
    let server = Server::start(far, Link::CONTROL.server.1);
    let tapped = tap(&near)?;
    let (mut requests, connection) = h2::client::handshake(near).await?;
    let connection = tokio::spawn(connection);
    let (response, _) = requests.send_request(http::Request::new(()), true)?;
    let mut events = response.await?.into_body();
    events.data().await.ok_or("no event")??;
    connection.abort();
    let _ = connection.await;
    reset(tapped)?;
    matrix.decidable(PROTOCOL, "RST by the client", "server", LOST, server.ended().await?);
    Ok(())
}

/// RST and FIN with nothing in flight.
async fn idle(matrix: &mut Matrix) -> Outcome {
    let (near, far) = pair().await?;
    let client = Client::connect(near, Link::CONTROL.client.1).await?;
    reset(far)?;
    matrix.decidable(PROTOCOL, "RST by the server while idle", "client", LOST, client.idle().await);

    let (near, far) = pair().await?;
    let mut tapped = tap(&far)?;
    let _server = Server::start(far, Link::CONTROL.server.1);
    let client = Client::connect(near, Link::CONTROL.client.1).await?.settled().await?;
    tapped.shutdown().await?;
    matrix.decidable(PROTOCOL, "FIN by the server while idle", "client", LOST, client.idle().await);

    let (near, far) = pair().await?;
    let mut tapped = tap(&near)?;
    let server = Server::start(far, Link::CONTROL.server.1);
    let _client = Client::connect(near, Link::CONTROL.client.1).await?.settled().await?;
    tapped.shutdown().await?;
    let end = server.ended().await?;
    matrix.undecidable(PROTOCOL, "FIN by the client while idle", "server", LOST, end, SILENT_GOAWAY);
    Ok(())
}

/// The bytes stop inside a frame.
async fn truncated(matrix: &mut Matrix) -> Outcome {
    let mut following = Link::SESSION.following().await?;
    following.taps.1.write_all(b"\0\0\x64\0\0\0\0\0\x01what").await?;
    following.taps.1.shutdown().await?;
    following.both(matrix, "FIN inside a frame of the agent", LOST).await?;

    let (mut near, far) = pair().await?;
    let server = Server::start(far, Link::CONTROL.server.1);
    near.write_all(b"PRI * HTTP/2.0\r\n").await?;
    near.shutdown().await?;
    matrix.decidable(PROTOCOL, "FIN inside the preface", "server", LOST, server.ended().await?);
    Ok(())
}

/// Ends that begin on this side.
async fn own(matrix: &mut Matrix) -> Outcome {
    // h2 tells the stream of a broken pipe, as for a FIN: the task of the connection knows better.
    let following = Link::CONTROL.following().await?;
    following.client.connection.abort();
    let end = following.client.ended().await?;
    matrix.decidable(PROTOCOL, "abort of the client's connection task", "client", truth(Why::Unknown, By::Client), end);

    let (near, _silent) = pair().await?;
    let (mut requests, connection) = h2::client::handshake(near).await?;
    tokio::spawn(connection);
    let (response, _) = requests.send_request(http::Request::new(()), true)?;
    let end = Link::CONTROL.client.1;
    let end = match timeout(Duration::from_millis(300), response).await {
        Err(silence) => end.failed(&silence),
        Ok(Err(error)) => end.failed(&error),
        Ok(Ok(_)) => return Err("the silent server answered".into()),
    };
    matrix.decidable(PROTOCOL, "a silent server, until a deadline", "client", LOST, end);
    Ok(())
}

/// Serves or follows until it is killed.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role, address] if role == "client" => {
            let client = Client::connect(TcpStream::connect(address).await?, Link::CONTROL.client.1).await?;
            let client = client.start();
            client.first.notified().await;
            say("following");
            drop(client.ended().await?);
        }
        [role] if role == "server" => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            say(&listener.local_addr()?.to_string());
            drop(Server::start(listener.accept().await?.0, Link::CONTROL.server.1).ended().await?);
        }
        arguments => return Err(format!("unknown peer: {arguments:?}").into()),
    }
    Ok(())
}
