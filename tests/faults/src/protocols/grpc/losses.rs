//! Calls whose connection is lost.

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};

use super::client::{Call, channel, watchful_channel};
use super::server::Server;
use super::{CLIENT, PROTOCOL};
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;

const LOST: Truth = truth(Why::NetworkError, By::Network);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    servers(matrix).await?;
    clients(matrix).await
}

/// The server is killed, or stopped.
async fn servers(matrix: &mut Matrix) -> Outcome {
    let mut peer = Peer::start("grpc", &["server"])?;
    let call = Call::start(channel(peer.line().await?.parse()?).await?).await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.decidable(PROTOCOL, "kill -9 of the server", "client", LOST, call.follow().await);

    let mut peer = Peer::start("grpc", &["server"])?;
    let channel = watchful_channel(peer.line().await?.parse()?).await?;
    let call = Call::start(channel.clone()).await?;
    peer.line().await?;
    peer.stop().await?;
    matrix.decidable(PROTOCOL, "SIGSTOP of the server, keep-alive", "client", LOST, call.follow().await);
    peer.kill().await?;

    let status = Call::start(channel).await.err().ok_or("the killed server answered")?;
    let end = CLIENT.failed(&status);
    matrix.decidable(PROTOCOL, "a call after kill -9 of the server", "client", LOST, end);
    Ok(())
}

/// The client is killed, or stopped.
async fn clients(matrix: &mut Matrix) -> Outcome {
    let server = Server::start().await?;
    let mut peer = Peer::start("grpc", &["client", &server.address.to_string()])?;
    peer.line().await?;
    peer.kill().await?;
    matrix.decidable(PROTOCOL, "kill -9 of the client", "server", LOST, server.ended().await?);

    let server = Server::start().await?;
    let mut peer = Peer::start("grpc", &["client", &server.address.to_string()])?;
    peer.line().await?;
    peer.stop().await?;
    matrix.decidable(PROTOCOL, "SIGSTOP of the client, keep-alive", "server", LOST, server.ended().await?);
    peer.kill().await?;
    Ok(())
}

/// Serves or follows until it is killed.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role, address] if role == "client" => {
            let call = Call::start(channel(address.parse()?).await?).await?;
            say("following");
            drop(call.follow().await);
        }
        [role] if role == "server" => {
            let server = Server::start().await?;
            say(&server.address.to_string());
            server.heard.notified().await;
            say("heard");
            drop(server.ended().await?);
        }
        arguments => return Err(format!("unknown peer: {arguments:?}").into()),
    }
    Ok(())
}
