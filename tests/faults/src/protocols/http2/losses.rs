//! Connections that end without a goodbye, and deadlines.

use std::net::SocketAddr;
use std::time::Duration;

use disconnect_faults::Toward;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Client, Failure, Link, PROTOCOL, server};
use crate::loopback::{pair, pair_through_proxy};
use crate::matrix::{Case, Matrix};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;
use crate::secure;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    killed(matrix).await?;
    cut(matrix).await?;
    idle(matrix).await?;
    truncated(matrix).await?;
    own(matrix).await
}

/// `kill -9` of either side, with and without an open stream.
async fn killed(matrix: &mut Matrix) -> Outcome {
    let (peer, stream) = server_process().await?;
    let client = Client::connect(stream, Link::CONTROL.client.1).await?.settled().await?.start();
    client.first.notified().await;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the server", "client", client.ended().await?));

    let (peer, stream) = server_process().await?;
    let client = Client::connect(stream, Link::CONTROL.client.1).await?.settled().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the server while idle", "client", client.idle().await));

    let (mut peer, stream) = Peer::connected("http2", &["client"]).await?;
    let server = server::start(stream, Link::CONTROL.server.1);
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the client", "server", server.ended().await?));

    let (mut peer, stream) = Peer::connected("http2", &["idle client"]).await?;
    let server = server::start(stream, Link::CONTROL.server.1);
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the client while idle", "server", server.ended().await?));
    Ok(())
}

/// A server in its own process.
pub(super) async fn server_process() -> Result<(Peer, TcpStream), Failure> {
    let mut peer = Peer::start("http2", &["server"])?;
    let address: SocketAddr = peer.line().await?.parse()?;
    Ok((peer, TcpStream::connect(address).await?))
}

/// RST and FIN with an open stream.
async fn cut(matrix: &mut Matrix) -> Outcome {
    let following = Link::SESSION.following().await?;
    following.proxy.half_close(Toward::Server)?;
    following.both(matrix, "FIN by the client").await?;

    let following = Link::COORDINATION.following().await?;
    following.proxy.half_close(Toward::Client)?;
    following.both(matrix, "FIN by the server").await?;

    let following = Link::CONTROL.following().await?;
    following.proxy.reset(Toward::Server)?;
    matrix.add(Case::new(PROTOCOL, "RST by the client", "server", following.server.ended().await?));
    Ok(())
}

/// RST and FIN without open streams.
async fn idle(matrix: &mut Matrix) -> Outcome {
    let (near, _far, proxy) = pair_through_proxy().await?;
    let client = Client::connect(near, Link::CONTROL.client.1).await?;
    proxy.reset(Toward::Client)?;
    matrix.add(Case::new(PROTOCOL, "RST by the server while idle", "client", client.idle().await));

    let (near, far, proxy) = pair_through_proxy().await?;
    let _server = server::start(far, Link::CONTROL.server.1);
    let client = Client::connect(near, Link::CONTROL.client.1).await?.settled().await?;
    proxy.half_close(Toward::Client)?;
    matrix.add(Case::new(PROTOCOL, "FIN by the server while idle", "client", client.idle().await));

    let (near, far, proxy) = pair_through_proxy().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    let _client = Client::connect(near, Link::CONTROL.client.1).await?.settled().await?;
    proxy.half_close(Toward::Server)?;
    let end = server.ended().await?;
    matrix.add(Case::new(PROTOCOL, "FIN by the client while idle", "server", end));
    Ok(())
}

/// The bytes end inside a frame.
async fn truncated(matrix: &mut Matrix) -> Outcome {
    let following = Link::SESSION.following().await?;
    following.proxy.inject(Toward::Client, b"\0\0\x64\0\0\0\0\0\x01what")?;
    following.proxy.half_close(Toward::Client)?;
    following.both(matrix, "FIN inside a frame of the agent").await?;

    let (mut near, far) = pair().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    near.write_all(b"PRI * HTTP/2.0\r\n").await?;
    near.shutdown().await?;
    matrix.add(Case::new(PROTOCOL, "FIN inside the preface", "server", server.ended().await?));
    Ok(())
}

/// Ends that start on this side.
async fn own(matrix: &mut Matrix) -> Outcome {
    // h2 reports a broken pipe to the stream, as for a FIN. The task of the connection has the cause.
    let following = Link::CONTROL.following().await?;
    following.client.connection.abort();
    let end = following.client.ended().await?;
    matrix.add(Case::new(PROTOCOL, "abort of the client's connection task", "client", end));

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
    matrix.add(Case::new(PROTOCOL, "a silent server, until a deadline", "client", end));
    Ok(())
}

/// Serves or follows until it is killed.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (client_end, server_end) = (Link::CONTROL.client.1, Link::CONTROL.server.1);
    match arguments[..] {
        ["client", address] => follow(Client::connect(TcpStream::connect(address).await?, client_end).await?, 1).await,
        ["many client", address] => {
            follow(Client::connect(TcpStream::connect(address).await?, client_end).await?, 100).await
        }
        ["tls client", trusted, address] => {
            let stream = secure::connect(TcpStream::connect(address).await?, secure::from_hex(trusted)?).await?;
            follow(Client::connect(stream, client_end).await?, 1).await
        }
        ["idle client", address] => {
            let client = Client::connect(TcpStream::connect(address).await?, client_end).await?.settled().await?;
            say("idle");
            drop(client.idle().await);
            Ok(())
        }
        ["server"] => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            say(&listener.local_addr()?.to_string());
            let server = server::start(listener.accept().await?.0, server_end);
            say("accepted");
            drop(server.ended().await?);
            Ok(())
        }
        ["tls server"] => {
            let (certificate, keys) = secure::certificate()?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            say(&format!("{} {}", listener.local_addr()?, secure::to_hex(&certificate)));
            let stream = secure::accept(listener.accept().await?.0, certificate, &keys).await?;
            drop(server::start(stream, server_end).ended().await?);
            Ok(())
        }
        _ => Err(format!("unknown peer: {arguments:?}").into()),
    }
}

/// Follows this number of event streams.
async fn follow(client: Client, streams: usize) -> Outcome {
    let streams: Vec<_> = std::iter::repeat_with(|| client.start()).take(streams).collect();
    for stream in &streams {
        stream.first.notified().await;
    }
    say("following");
    for stream in streams {
        drop(stream.ended().await?);
    }
    Ok(())
}
