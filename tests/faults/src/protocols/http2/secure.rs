//! HTTP/2 over TLS: goodbyes of both layers, and of one of them alone.

use std::net::SocketAddr;

use h2::Reason;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::server::{self, Order, Started};
use super::{Client, Failure, Link, PROTOCOL, client};
use crate::loopback::tap;
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;
use crate::secure::{self, Ending, Relay};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    goodbyes(matrix).await?;
    below(matrix).await?;
    killed(matrix).await
}

async fn goodbyes(matrix: &mut Matrix) -> Outcome {
    for (code, injected) in [
        (Reason::NO_ERROR, "GOAWAY NO_ERROR at once by the server, over TLS"),
        (Reason::INTERNAL_ERROR, "GOAWAY INTERNAL_ERROR by the server, over TLS"),
    ] {
        let (client, server) = following(Link::CONTROL).await?;
        server.order(Order::Abort(code))?;
        matrix.add(Case::new(PROTOCOL, injected, "client", client.ended().await?));
        matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    }
    let (near, far) = secure::both().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    drop(Client::connect(near, Link::CONTROL.client.1).await?.settled().await?);
    let injected = "GOAWAY NO_ERROR by the idle client, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));

    let (client, server) = following(Link::SESSION).await?;
    drop(client.quit().await?);
    let injected = "RST_STREAM CANCEL by the client, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "agent", server.ended().await?));
    Ok(())
}

/// Both sides of a TLS connection with an open stream.
async fn following(link: Link) -> Result<(client::Started, Started), Failure> {
    let (near, far) = secure::both().await?;
    let server = server::start(far, link.server.1);
    let client = Client::connect(near, link.client.1).await?.start();
    client.first.notified().await;
    Ok((client, server))
}

const ENDINGS: [(Ending, &str); 3] = [
    (Ending::Fin, "FIN without close_notify"),
    (Ending::CloseNotify, "close_notify without GOAWAY"),
    (Ending::Rst, "RST"),
];

/// Ends of TLS alone, by a proxy that terminates TLS for one side.
async fn below(matrix: &mut Matrix) -> Outcome {
    for (ending, ended_by) in ENDINGS {
        let (near, far) = secure::both().await?;
        let socket = tap(far.get_ref().0)?;
        let (library, relay) = Relay::start(far, socket).await?;
        let _server = server::start(library, Link::CONTROL.server.1);
        let client = Client::connect(near, Link::CONTROL.client.1).await?.start();
        client.first.notified().await;
        relay.end(ending)?;
        let injected = format!("{ended_by} by the server, over TLS");
        matrix.add(Case::new(PROTOCOL, injected, "client", client.ended().await?));

        let (near, far) = secure::both().await?;
        let socket = tap(near.get_ref().0)?;
        let (library, relay) = Relay::start(near, socket).await?;
        let server = server::start(far, Link::CONTROL.server.1);
        let client = Client::connect(library, Link::CONTROL.client.1).await?.start();
        client.first.notified().await;
        relay.end(ending)?;
        let injected = format!("{ended_by} by the client, over TLS");
        matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    }
    // The violator receives an alert.
    for (by, of_client) in [("client", true), ("server", false)] {
        let (near, far) = secure::both().await?;
        let mut socket = tap(if of_client { near.get_ref().0 } else { far.get_ref().0 })?;
        let server = server::start(far, Link::CONTROL.server.1);
        let client = Client::connect(near, Link::CONTROL.client.1).await?.start();
        client.first.notified().await;
        socket.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
        drop(socket);
        let injected = format!("garbage below TLS by the {by}, over TLS");
        matrix.add(Case::new(PROTOCOL, &injected, "client", client.ended().await?));
        matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    }
    Ok(())
}

/// `kill -9` of either side.
async fn killed(matrix: &mut Matrix) -> Outcome {
    let mut peer = Peer::start("http2", &["tls server"])?;
    let line = peer.line().await?;
    let (address, certificate) = line.split_once(' ').ok_or("the peer says no certificate")?;
    let stream = TcpStream::connect(address.parse::<SocketAddr>()?).await?;
    let stream = secure::connect(stream, secure::from_hex(certificate)?).await?;
    let client = Client::connect(stream, Link::CONTROL.client.1).await?.start();
    client.first.notified().await;
    peer.kill().await?;
    let injected = "kill -9 of the server, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "client", client.ended().await?));

    let (certificate, keys) = secure::certificate()?;
    let (mut peer, stream) = Peer::connected("http2", &["tls client", &secure::to_hex(&certificate)]).await?;
    let server = server::start(secure::accept(stream, certificate, &keys).await?, Link::CONTROL.server.1);
    peer.line().await?;
    peer.kill().await?;
    let injected = "kill -9 of the client, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    Ok(())
}
