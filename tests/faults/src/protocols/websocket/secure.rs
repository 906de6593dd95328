//! Connections over TLS: with and without a close frame, with and without `close_notify`.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::losses::{CLIENT, SERVER};
use super::{PROTOCOL, Session, close_frame, connect};
use crate::loopback::reset;
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    killed(matrix).await?;
    without_goodbye(matrix).await?;
    with_goodbye(matrix).await?;
    garbage(matrix).await
}

/// `kill -9` of either side.
async fn killed(matrix: &mut Matrix) -> Outcome {
    let (certificate, keys) = connect::certificate()?;
    let (mut peer, stream) = Peer::connected("websocket", &["client", &connect::to_hex(&certificate)]).await?;
    let mut server = connect::accept_tls(stream, certificate, &keys).await?;
    peer.line().await?;
    let _hello = server.next().await;
    peer.kill().await?;
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the client, over TLS", "server", end));

    let mut peer = Peer::start("websocket", &["server", "tls"])?;
    let line = peer.line().await?;
    let (address, certificate) = line.split_once(' ').ok_or("the peer says no certificate")?;
    let stream = TcpStream::connect(address.parse::<SocketAddr>()?).await?;
    let client = connect::join_tls(stream, connect::from_hex(certificate)?).await?;
    peer.line().await?;
    peer.kill().await?;
    let end = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the server, over TLS", "client", end));
    Ok(())
}

async fn without_goodbye(matrix: &mut Matrix) -> Outcome {
    let (client, server) = connect::secure().await?;
    drop(client.into_inner().into_inner().0);
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "FIN by the client without close_notify", "server", end));

    let (client, server) = connect::secure().await?;
    drop(server.into_inner().into_inner().0);
    let end = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "FIN by the server without close_notify", "client", end));

    let (client, server) = connect::secure().await?;
    reset(client.into_inner().into_inner().0)?;
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "RST by the client, over TLS", "server", end));

    let (client, server) = connect::secure().await?;
    reset(server.into_inner().into_inner().0)?;
    let end = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "RST by the server, over TLS", "client", end));

    // A goodbye of the layer below is no goodbye here: a TLS proxy sends it for a crashed process.
    let (client, mut server) = connect::secure().await?;
    server.get_mut().shutdown().await?;
    let end = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "close_notify by the server without a close frame", "client", end));

    let (mut client, server) = connect::secure().await?;
    client.get_mut().shutdown().await?;
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "close_notify by the client without a close frame", "server", end));

    let (mut client, server) = connect::secure().await?;
    client.get_mut().write_all(b"\x81\xe4\0\0\0\0what").await?;
    client.get_mut().flush().await?;
    drop(client.into_inner().into_inner().0);
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "FIN inside a frame, over TLS", "server", end));
    Ok(())
}

/// The close frame came first, however TLS ends after it.
async fn with_goodbye(matrix: &mut Matrix) -> Outcome {
    let normal = || Some(close_frame(1000.into(), ""));
    let (client, server) = connect::secure().await?;
    let mut leaving = Session::new(client, CLIENT);
    let (_, end) = tokio::join!(leaving.close(normal()), Session::new(server, SERVER).serve());
    matrix.add(Case::new(PROTOCOL, "close 1000 by the client over TLS, then close_notify", "server", end));

    let (client, server) = connect::secure().await?;
    let mut leaving = Session::new(server, SERVER);
    let (_, end) = tokio::join!(leaving.close(normal()), Session::new(client, CLIENT).serve());
    matrix.add(Case::new(PROTOCOL, "close 1000 by the server over TLS, then close_notify", "client", end));

    let (mut client, server) = connect::secure().await?;
    client.send(Message::Close(normal())).await?;
    drop(client.into_inner().into_inner().0);
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "close 1000 by the client over TLS, then FIN without close_notify", "server", end));

    let (client, mut server) = connect::secure().await?;
    server.send(Message::Close(normal())).await?;
    drop(server.into_inner().into_inner().0);
    let end = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "close 1000 by the server over TLS, then FIN without close_notify", "client", end));

    let (client, server) = connect::secure().await?;
    let mut leaving = Session::new(server, SERVER);
    let goodbye = leaving.close(Some(close_frame(1001.into(), "")));
    let (told, heard) = tokio::join!(goodbye, Session::new(client, CLIENT).serve());
    matrix.add(Case::new(PROTOCOL, "close 1001 by the server, over TLS", "server", told));
    matrix.add(Case::new(PROTOCOL, "close 1001 by the server, over TLS", "client", heard));
    Ok(())
}

/// The client writes bytes below its TLS. The server answers with an alert.
async fn garbage(matrix: &mut Matrix) -> Outcome {
    let (mut client, server) = connect::secure().await?;
    client.get_mut().get_mut().0.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    let (client, server) = tokio::join!(Session::new(client, CLIENT).serve(), Session::new(server, SERVER).serve());
    matrix.add(Case::new(PROTOCOL, "garbage below TLS by the client", "server", server));
    matrix.add(Case::new(PROTOCOL, "garbage below TLS by the client", "client", client));
    Ok(())
}
