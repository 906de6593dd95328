//! gRPC over TLS.

use h2::Reason;
use tonic::Status;

use super::client::Connected;
use super::raw::{self, Then};
use super::server::Server;
use super::statuses::leave_then;
use super::{Failure, PROTOCOL};
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

/// A server, and a client that has called it.
async fn called() -> Result<(Server, super::client::Call), Failure> {
    let (certificate, keys) = secure::certificate()?;
    let server = Server::start_over_tls((certificate.clone(), keys)).await?;
    let call = Connected::securely_to(server.address, certificate).await?.call().await?;
    Ok((server, call))
}

async fn goodbyes(matrix: &mut Matrix) -> Outcome {
    let (server, call) = called().await?;
    drop(server.events);
    matrix.add(Case::new(PROTOCOL, "Ok by the server, over TLS", "client", call.follow().await));

    let (server, call) = called().await?;
    server.events.send(Err(Status::internal("told to")))?;
    matrix.add(Case::new(PROTOCOL, "Internal by the server, over TLS", "client", call.follow().await));

    let (server, call) = called().await?;
    leave_then(server, Status::ok("")).await?;
    let injected = "GOAWAY NO_ERROR, then Ok by the server, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "client", call.follow().await));

    let (server, call) = called().await?;
    drop(call);
    let injected = "RST_STREAM CANCEL by the client, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));

    let (server, call) = called().await?;
    drop(call.requests);
    matrix.add(Case::new(PROTOCOL, "END_STREAM by the client, over TLS", "server", server.ended().await?));

    let (near, far) = secure::both().await?;
    let socket = tap(far.get_ref().0)?;
    tokio::spawn(raw::call(far, socket, Then::GoAway(Reason::INTERNAL_ERROR)));
    let call = Connected::over(near, tonic::transport::Endpoint::from_static("http://localhost")).await?.call().await?;
    let injected = "GOAWAY INTERNAL_ERROR by the server, over TLS";
    matrix.add(Case::new(PROTOCOL, injected, "client", call.follow().await));
    Ok(())
}

/// Ends of TLS alone, by a proxy that terminates TLS for the server.
async fn below(matrix: &mut Matrix) -> Outcome {
    for (ending, injected) in [
        (Ending::Fin, "FIN without close_notify by the server, over TLS"),
        (Ending::CloseNotify, "close_notify without GOAWAY by the server, over TLS"),
        (Ending::Rst, "RST by the server, over TLS"),
    ] {
        let (near, far) = secure::both().await?;
        let socket = tap(far.get_ref().0)?;
        let (library, relay) = Relay::start(far, socket).await?;
        let socket = tap(&library)?;
        tokio::spawn(raw::call(library, socket, Then::Nothing));
        let endpoint = tonic::transport::Endpoint::from_static("http://localhost");
        let call = Connected::over(near, endpoint).await?.call().await?;
        relay.end(ending)?;
        matrix.add(Case::new(PROTOCOL, injected, "client", call.follow().await));
    }
    Ok(())
}

async fn killed(matrix: &mut Matrix) -> Outcome {
    let mut peer = Peer::start("grpc", &["tls server"])?;
    let line = peer.line().await?;
    let (address, certificate) = line.split_once(' ').ok_or("the peer says no certificate")?;
    let call = Connected::securely_to(address.parse()?, secure::from_hex(certificate)?).await?.call().await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new(PROTOCOL, "kill -9 of the server, over TLS", "client", call.follow().await));

    for (stops, injected) in
        [(false, "kill -9 of the client, over TLS"), (true, "SIGSTOP of the client, keep-alive, over TLS")]
    {
        let (certificate, keys) = secure::certificate()?;
        let server = Server::start_over_tls((certificate.clone(), keys)).await?;
        let arguments = ["tls client", &server.address.to_string(), &secure::to_hex(&certificate)];
        let mut peer = Peer::start("grpc", &arguments)?;
        peer.line().await?;
        if stops {
            peer.stop().await?;
            matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
            peer.kill().await?;
        } else {
            peer.kill().await?;
            matrix.add(Case::new(PROTOCOL, injected, "server", server.ended().await?));
        }
    }
    Ok(())
}
