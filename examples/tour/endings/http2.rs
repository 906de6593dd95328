//! Ends of HTTP/2 connections.

use std::io;

use h2::Reason;
use http::Response;
use tokio::net::TcpStream;

use crate::report::{Tour, fault, normal};
use crate::service::{http2, wire};

/// Ends HTTP/2 connections with a `GOAWAY`. The agent logs them.
pub(crate) async fn endings(tour: &mut Tour) -> io::Result<()> {
    let shutdown = normal("server_shutdown", "server", "server_to_agent").code("http2.0");
    goaway(tour.case("HTTP/2 server goes away with NO_ERROR", shutdown), Reason::NO_ERROR).await?;
    let overload = fault("unknown", "server", "server_to_agent").cause("overload").code("http2.11");
    goaway(tour.case("HTTP/2 server goes away with ENHANCE_YOUR_CALM", overload), Reason::ENHANCE_YOUR_CALM).await
}

async fn goaway(id: u64, reason: Reason) -> io::Result<()> {
    let (dialled, accepted) = wire::loopback().await?;
    let (followed, served) = tokio::join!(http2::follow(id, dialled), serve(accepted, reason));
    followed.and(served).map_err(io::Error::other)
}

/// Sends one event of the stream that the agent requested, and then goes away.
async fn serve(stream: TcpStream, reason: Reason) -> Result<(), h2::Error> {
    let mut server = h2::server::handshake(stream).await?;
    let Some(request) = server.accept().await else { return Ok(()) };
    let mut events = request?.1.send_response(Response::new(()), false)?;
    events.send_data("an event".into(), false)?;
    server.abrupt_shutdown(reason);
    // Drives the connection until the goodbye is written. The error after that is expected.
    while let Some(Ok(_)) = server.accept().await {}
    Ok(())
}
