//! Calls whose connection is lost.

use disconnect_faults::{FaultProxy, Toward};

use super::client::Connected;
use super::server::Server;
use super::{CLIENT, PROTOCOL};
use crate::loopback::Inject;
use crate::matrix::{Case, Matrix};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;
use crate::secure;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    servers(matrix).await?;
    clients(matrix).await
}

/// The server is killed or stopped.
async fn servers(matrix: &mut Matrix) -> Outcome {
    let mut peer = Peer::start("grpc", &["server"])?;
    let call = Connected::to(peer.line().await?.parse()?).await?.call().await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the server", "client", call.follow().await));

    let mut peer = Peer::start("grpc", &["server"])?;
    let connected = Connected::watchfully_to(peer.line().await?.parse()?).await?;
    let call = connected.call().await?;
    peer.line().await?;
    peer.stop().await?;
    matrix.add(Case::new(PROTOCOL, "SIGSTOP of the server, keep-alive", "client", call.follow().await));
    peer.kill().await?;

    let status = connected.call().await.err().ok_or("the killed server answered")?;
    matrix.add(Case::new(PROTOCOL, "a call after kill -9 of the server", "client", CLIENT.failed(&status)));
    Ok(())
}

/// The client is killed or stopped, or its connection ends.
async fn clients(matrix: &mut Matrix) -> Outcome {
    let server = Server::start().await?;
    let mut peer = Peer::start("grpc", &["client", &server.address.to_string()])?;
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the client", "server", server.ended().await?));

    let server = Server::start().await?;
    let mut peer = Peer::start("grpc", &["client", &server.address.to_string()])?;
    peer.line().await?;
    peer.stop().await?;
    matrix.add(Case::new(PROTOCOL, "SIGSTOP of the client, keep-alive", "server", server.ended().await?));
    peer.kill().await?;

    let faults: [(&str, Inject); 2] = [
        ("FIN by the client", |proxy| proxy.half_close(Toward::Server)),
        ("RST by the client", |proxy| proxy.reset(Toward::Server)),
    ];
    for (injected, inject) in faults {
        let server = Server::start().await?;
        let proxy = FaultProxy::start(server.address)?;
        let _call = Connected::to(proxy.address()).await?.call().await?;
        server.heard.notified().await;
        inject(&proxy)?;
        matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
    }
    Ok(())
}

/// Serves or follows until it is killed.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let call = match arguments[..] {
        ["client", address] => Connected::to(address.parse()?).await?.call().await?,
        ["tls client", address, trusted] => {
            Connected::securely_to(address.parse()?, secure::from_hex(trusted)?).await?.call().await?
        }
        ["server"] => {
            let server = Server::start().await?;
            say(&server.address.to_string());
            return serve(server).await;
        }
        ["tls server"] => {
            let (certificate, keys) = secure::certificate()?;
            let trusted = secure::to_hex(&certificate);
            let server = Server::start_over_tls((certificate, keys)).await?;
            say(&format!("{} {trusted}", server.address));
            return serve(server).await;
        }
        _ => return Err(format!("unknown peer: {arguments:?}").into()),
    };
    say("following");
    drop(call.follow().await);
    Ok(())
}

async fn serve(server: Server) -> Outcome {
    server.heard.notified().await;
    say("heard");
    drop(server.ended().await?);
    Ok(())
}
