//! A raw forward: what `tokio::io::copy` reports about its two connections.

use std::io;

use disconnect_core::{Disconnect, Endpoint};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{AGENT, Close, PROTOCOL, killed_in, write_and_close};
use crate::line::line;
use crate::loopback::{Recorded, pair, reset};
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;
use crate::recipes::tokio_copy::forward;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    one_way(matrix).await?;
    for end in [AGENT, AGENT.fin_is_goodbye()] {
        for how in [How::Bidirectional, How::TwoCopies] {
            both_ways(matrix, how, end).await?;
            killed(matrix, how, end).await?;
        }
    }
    Ok(())
}

/// The function that forwards.
#[derive(Clone, Copy)]
enum How {
    /// tokio's function, which does not report which side closed first.
    Bidirectional,
    TwoCopies,
}

impl How {
    const fn name(self) -> &'static str {
        match self {
            Self::Bidirectional => "copy_bidirectional",
            Self::TwoCopies => "two copies",
        }
    }

    /// Forwards until both sides have closed. Also returns what was read from them.
    async fn forward(self, client: TcpStream, upstream: TcpStream, end: Endpoint) -> (Disconnect, String) {
        let ((mut client, of_client), (mut upstream, of_upstream)) = (Recorded::new(client), Recorded::new(upstream));
        let forwarded = line(end, async |ended| match self {
            Self::Bidirectional => copy_bidirectional(&mut client, &mut upstream).await.map(|_| end.eof()),
            Self::TwoCopies => forward(client, upstream, end, &ended).await,
        });
        (forwarded.await, format!("{}; {}", of_client.text(), of_upstream.text()))
    }
}

/// A case in the table of this endpoint.
fn case(injected: &str, end: Endpoint, ended: Disconnect) -> Case {
    let case = Case::new(PROTOCOL, injected, "agent", ended);
    if end.eof().expected() { case.fin() } else { case }
}

async fn one_way(matrix: &mut Matrix) -> Outcome {
    for end in [AGENT, AGENT.fin_is_goodbye()] {
        for (injected, close) in [("io::copy: FIN", Close::Fin), ("io::copy: RST", Close::Rst)] {
            let (agent, client) = pair().await?;
            write_and_close(client, b"line 1\n", close).await?;
            let (ended, got) = copied(agent, end).await;
            matrix.add(case(injected, end, ended).observed(got));
        }
        let (ended, got) = copied(killed_in("spoke").await?, end).await;
        matrix.add(case("io::copy: kill -9", end, ended).observed(got));
    }
    Ok(())
}

/// One direction alone. Its `Ok` is an end of file.
async fn copied(stream: TcpStream, end: Endpoint) -> (Disconnect, String) {
    let (mut stream, record) = Recorded::new(stream);
    let ended = line(end, async |_| -> io::Result<_> {
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        Ok(end.eof())
    });
    let ended = ended.await;
    (ended, record.text())
}

async fn both_ways(matrix: &mut Matrix, how: How, end: Endpoint) -> Outcome {
    for (who, by_the_client) in [("client", true), ("upstream", false)] {
        let (mut one, mut other, forwarding) = forwarded(how, end, by_the_client).await?;
        one.shutdown().await?;
        // The forward passes the FIN on, and then the other side closes too.
        tokio::io::copy(&mut other, &mut tokio::io::sink()).await?;
        drop((one, other));
        let (ended, got) = forwarding.await?;
        matrix.add(case(&format!("{}: FIN by the {who}", how.name()), end, ended).observed(got));

        let (one, _other, forwarding) = forwarded(how, end, by_the_client).await?;
        reset(one)?;
        matrix.add(case(&format!("{}: RST by the {who}", how.name()), end, forwarding.await?.0));
    }
    Ok(())
}

type Forwarding = JoinHandle<(Disconnect, String)>;

/// The two peers of a forward, with the one that ends it first.
async fn forwarded(how: How, end: Endpoint, client_first: bool) -> io::Result<(TcpStream, TcpStream, Forwarding)> {
    let ((client, near), (upstream, far)) = (pair().await?, pair().await?);
    let forwarding = tokio::spawn(how.forward(near, far, end));
    Ok(if client_first { (client, upstream, forwarding) } else { (upstream, client, forwarding) })
}

/// One peer is a process and is killed. The other one closes when it sees that.
async fn killed(matrix: &mut Matrix, how: How, end: Endpoint) -> Outcome {
    for (who, client) in [("client", true), ("upstream", false)] {
        let (mut peer, mut near) = Peer::connected("tcp", &["idle"]).await?;
        near.write_all(b"line 1\n").await?;
        peer.line().await?;
        let (mut other, far) = pair().await?;
        let (of_client, of_upstream) = if client { (near, far) } else { (far, near) };
        let forwarding = tokio::spawn(how.forward(of_client, of_upstream, end));
        peer.kill().await?;
        tokio::io::copy(&mut other, &mut tokio::io::sink()).await?;
        drop(other);
        let (ended, got) = forwarding.await?;
        matrix.add(case(&format!("{}: kill -9 of the {who}", how.name()), end, ended).observed(got));
    }
    Ok(())
}
