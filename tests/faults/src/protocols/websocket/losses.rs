//! Connections that end without a close frame, and goodbyes without an answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use disconnect_core::{BoxedGuard, Disconnect, Endpoint, Shutdown};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{CLASSIFIER, PROTOCOL, Session, connect};
use crate::loopback::reset;
use crate::matrix::{Case, Matrix};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;

/// The timeout for a peer that is silent on purpose.
const SHORT: Duration = Duration::from_millis(300);

pub(super) const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
pub(super) const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    killed(matrix).await?;
    stopped(matrix).await?;
    dropped(matrix).await?;
    own_shutdown(matrix).await?;
    own_task(matrix).await
}

/// `kill -9` of either side.
async fn killed(matrix: &mut Matrix) -> Outcome {
    let (peer, server) = client_process().await?;
    let serving = tokio::spawn(Session::new(server, SERVER).serve());
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the client", "server", serving.await?));

    let mut peer = Peer::start("websocket", &["server"])?;
    let address: SocketAddr = peer.line().await?.parse()?;
    let client = connect::join(TcpStream::connect(address).await?).await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the server", "client", Session::new(client, CLIENT).serve().await));
    Ok(())
}

/// A client in its own process, and the server's side of its connection.
async fn client_process() -> Result<(Peer, WebSocketStream<TcpStream>), Box<dyn std::error::Error + Send + Sync>> {
    let (mut peer, stream) = Peer::connected("websocket", &["client"]).await?;
    let mut server = connect::accept(stream).await?;
    peer.line().await?;
    let _hello = server.next().await;
    Ok((peer, server))
}

/// A stopped process.
async fn stopped(matrix: &mut Matrix) -> Outcome {
    let (peer, server) = client_process().await?;
    peer.stop().await?;
    let session = Session { idle: SHORT, ..Session::new(server, SERVER) };
    matrix.add(Case::new(PROTOCOL, "SIGSTOP of the client, until a deadline", "server", session.serve().await));
    peer.kill().await?;

    let (client, _silent) = connect::plain().await?;
    let session = Session { idle: SHORT, ..Session::new(client, CLIENT) };
    matrix.add(Case::new(PROTOCOL, "a silent server, until a deadline", "client", session.serve().await));
    Ok(())
}

/// The transport ends below a plain connection.
async fn dropped(matrix: &mut Matrix) -> Outcome {
    let (client, server) = connect::plain().await?;
    reset(client.into_inner())?;
    matrix.add(Case::new(PROTOCOL, "RST by the client", "server", Session::new(server, SERVER).serve().await));

    let (client, server) = connect::plain().await?;
    reset(server.into_inner())?;
    matrix.add(Case::new(PROTOCOL, "RST by the server", "client", Session::new(client, CLIENT).serve().await));

    let (client, server) = connect::plain().await?;
    drop(client);
    matrix.add(Case::new(PROTOCOL, "FIN by the client", "server", Session::new(server, SERVER).serve().await));

    let (client, server) = connect::plain().await?;
    drop(server);
    matrix.add(Case::new(PROTOCOL, "FIN by the server", "client", Session::new(client, CLIENT).serve().await));

    let (mut client, server) = connect::plain().await?;
    client.get_mut().shutdown().await?;
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "half-close by the client", "server", end));

    // A header for a hundred bytes, followed by four of them.
    let (mut client, server) = connect::plain().await?;
    client.get_mut().write_all(b"\x81\xe4\0\0\0\0what").await?;
    drop(client);
    let end = Session::new(server, SERVER).serve().await;
    matrix.add(Case::new(PROTOCOL, "FIN inside a frame", "server", end));

    // The first of two fragments, and nothing after it.
    let (client, mut server) = connect::plain().await?;
    server.get_mut().write_all(b"\x01\x04what").await?;
    drop(server);
    let end = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "FIN between fragments", "client", end));
    Ok(())
}

/// This process shuts down, and records that before it closes.
async fn own_shutdown(matrix: &mut Matrix) -> Outcome {
    let (client, server) = connect::secure().await?;
    let shutdown = Shutdown::new();
    let (stop, stopped) = oneshot::channel();
    let told = shutdown.clone();
    let serving = tokio::spawn(async move { Session::new(server, SERVER).serve_until(&told, stopped).await });
    shutdown.begin();
    stop.send(()).map_err(|()| "the server is gone")?;
    let heard = Session::new(client, CLIENT).serve().await;
    matrix.add(Case::new(PROTOCOL, "shutdown of the server", "client", heard));
    matrix.add(Case::new(PROTOCOL, "shutdown of the server", "server", serving.await?));

    let (_silent, server) = connect::plain().await?;
    let session = Session { idle: SHORT, ..Session::new(server, SERVER) };
    let (stop, stopped) = oneshot::channel();
    stop.send(()).map_err(|()| "the server is gone")?;
    let end = session.serve_until(&shutdown, stopped).await;
    matrix.add(Case::new(PROTOCOL, "shutdown, goodbye unanswered", "server", end));

    // The reset arrives before the shutdown reaches the connection.
    let (client, server) = connect::plain().await?;
    reset(client.into_inner())?;
    server.get_ref().readable().await?;
    let (stop, stopped) = oneshot::channel();
    stop.send(()).map_err(|()| "the server is gone")?;
    let end = Session::new(server, SERVER).serve_until(&Shutdown::new(), stopped).await;
    matrix.add(Case::new(PROTOCOL, "RST by the client, then the shutdown", "server", end));
    Ok(())
}

/// The task that serves the connection ends, but not the connection. The guard in it logs the end.
async fn own_task(matrix: &mut Matrix) -> Outcome {
    let (client, server) = connect::plain().await?;
    let (guard, written) = guarded();
    tokio::spawn(guard.run(|_| panics_on_text(server)));
    let mut client = Session::new(client, CLIENT);
    client.socket.send(Message::text("panic")).await?;
    matrix.add(Case::new(PROTOCOL, "panic in the server's task", "server", written.await?));
    matrix.add(Case::new(PROTOCOL, "panic in the server's task", "client", client.serve().await));

    let (client, server) = connect::plain().await?;
    let (guard, written) = guarded();
    let mut session = Session::new(server, SERVER);
    tokio::spawn(guard.run(async move |ended| session.messages(ended).await)).abort();
    matrix.add(Case::new(PROTOCOL, "abort of the server's task", "server", written.await?));
    matrix.add(Case::new(PROTOCOL, "abort of the server's task", "client", Session::new(client, CLIENT).serve().await));
    Ok(())
}

/// The guard of a task that does not return, and its logged end.
fn guarded() -> (BoxedGuard, oneshot::Receiver<Disconnect>) {
    let (sender, written) = oneshot::channel();
    (BoxedGuard::boxed(SERVER, |end| drop(sender.send(end.clone()))), written)
}

/// A service that panics. Its panic is not printed into the table.
async fn panics_on_text(mut socket: WebSocketStream<TcpStream>) -> Result<Disconnect, Error> {
    while let Some(message) = socket.next().await {
        if message?.is_text() {
            std::panic::resume_unwind(Box::new("a bug"));
        }
    }
    Ok(SERVER.eof())
}

/// Connects or listens, sends a message, and serves until it is killed.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role, address] if role == "client" => stay(connect::join(TcpStream::connect(address).await?).await?).await,
        [role, trusted, address] if role == "client" => {
            let stream = TcpStream::connect(address).await?;
            stay(connect::join_tls(stream, connect::from_hex(trusted)?).await?).await
        }
        [role, tls] if (role.as_str(), tls.as_str()) == ("server", "tls") => {
            let (certificate, keys) = connect::certificate()?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            say(&format!("{} {}", listener.local_addr()?, connect::to_hex(&certificate)));
            stay(connect::accept_tls(listener.accept().await?.0, certificate, &keys).await?).await
        }
        [role] if role == "server" => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            say(&listener.local_addr()?.to_string());
            stay(connect::accept(listener.accept().await?.0).await?).await
        }
        arguments => Err(io::Error::other(format!("unknown peer: {arguments:?}")).into()),
    }
}

/// Keeps the connection open.
async fn stay<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) -> Outcome {
    socket.send(Message::text("hello")).await?;
    say("connected");
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}
