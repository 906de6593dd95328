//! Many streams on one connection: each has a line with the correct end.

use std::net::SocketAddr;

use disconnect_core::{Category, Disconnect};
use disconnect_faults::{FaultProxy, Toward};
use h2::Reason;
use tokio::net::TcpStream;

use super::client::{Client, Started};
use super::server::{self, Order};
use super::{Failure, Link, PROTOCOL};
use crate::loopback::pair_through_proxy;
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;

const MANY: usize = 100;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    lost(matrix).await?;
    for (code, injected) in [
        (Reason::NO_ERROR, "100 streams, GOAWAY NO_ERROR at once by the server"),
        (Reason::INTERNAL_ERROR, "100 streams, GOAWAY INTERNAL_ERROR by the server"),
    ] {
        let (client, server, _proxy) = connected().await?;
        let streams = start(&client, MANY).await;
        server.order(Order::Abort(code))?;
        matrix.add(Case::new(PROTOCOL, injected, "client", all(streams).await?));
    }
    one_of_them(matrix).await
}

/// Both sides, and the proxy between them.
async fn connected() -> Result<(Client, server::Started, FaultProxy), Failure> {
    let (near, far, proxy) = pair_through_proxy().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    Ok((Client::connect(near, Link::CONTROL.client.1).await?, server, proxy))
}

/// This number of streams, each after its first event.
async fn start(client: &Client, streams: usize) -> Vec<Started> {
    let streams: Vec<_> = std::iter::repeat_with(|| client.start()).take(streams).collect();
    for stream in &streams {
        stream.first.notified().await;
    }
    streams
}

/// The end that all lines log.
async fn all(streams: Vec<Started>) -> Result<Disconnect, Failure> {
    let mut said = None::<Disconnect>;
    for stream in streams {
        let end = stream.ended().await?;
        let label = |end: &Disconnect| (end.reason().as_str(), end.initiator().map(Category::as_str));
        match &said {
            Some(said) if label(said) != label(&end) => {
                return Err(format!("one line says {said:?}, another {end:?}").into());
            }
            _ => said = Some(end),
        }
    }
    said.ok_or_else(|| "there was no stream".into())
}

async fn lost(matrix: &mut Matrix) -> Outcome {
    let (client, _server, proxy) = connected().await?;
    let streams = start(&client, MANY).await;
    proxy.half_close(Toward::Client)?;
    matrix.add(Case::new(PROTOCOL, "100 streams, FIN by the server", "client", all(streams).await?));

    let (client, _server, proxy) = connected().await?;
    let streams = start(&client, MANY).await;
    proxy.reset(Toward::Client)?;
    matrix.add(Case::new(PROTOCOL, "100 streams, RST by the server", "client", all(streams).await?));

    let mut peer = Peer::start("http2", &["server"])?;
    let address: SocketAddr = peer.line().await?.parse()?;
    let client = Client::connect(TcpStream::connect(address).await?, Link::CONTROL.client.1).await?;
    let streams = start(&client, MANY).await;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "100 streams, kill -9 of the server", "client", all(streams).await?));

    let (mut peer, stream) = Peer::connected("http2", &["many client"]).await?;
    let server = server::start(stream, Link::CONTROL.server.1);
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "100 streams, kill -9 of the client", "server", server.ended().await?));
    Ok(())
}

/// Resets the newest stream. The others continue to their end.
async fn one_of_them(matrix: &mut Matrix) -> Outcome {
    let (client, server, _proxy) = connected().await?;
    let others = start(&client, MANY - 1).await;
    let newest = start(&client, 1).await;
    server.order(Order::Reset(Reason::INTERNAL_ERROR))?;
    matrix.add(Case::new(PROTOCOL, "100 streams, one is reset by the server: that one", "client", all(newest).await?));
    server.order(Order::Finish)?;
    matrix.add(Case::new(
        PROTOCOL,
        "100 streams, one is reset by the server: the others",
        "client",
        all(others).await?,
    ));
    Ok(())
}
