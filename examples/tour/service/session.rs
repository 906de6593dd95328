//! A client's session on an agent, as a service would write it: both ends.

use std::io;
use std::time::Duration;

use disconnect_core::{Classifier, Disconnect, Endpoint, disconnected};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wire::{self, Frame};

static CLASSIFIER: Classifier = Classifier::new();

/// The agent's end: answers the client until the connection ends, and says in one line why it did.
pub(crate) async fn serve(id: u64, mut stream: TcpStream, idle: Duration) {
    const END: Endpoint = Endpoint::AGENT_FACING_CLIENT;

    let end = answer(END, &mut stream, idle)
        .await
        .unwrap_or_else(|err| END.failed(&CLASSIFIER, &err).with_detail(err.to_string()));
    disconnected!(end, connection_id = id, "client session closed");
}

async fn answer(end: Endpoint, stream: &mut TcpStream, idle: Duration) -> io::Result<Disconnect> {
    loop {
        let Ok(frame) = timeout(idle, wire::read(stream)).await else { return Ok(end.idle_timeout()) };
        match frame? {
            Some(question @ Frame::Data(_)) => wire::write(stream, &question).await?,
            Some(Frame::Goodbye) => return Ok(end.closed_by_peer()),
            None => return Ok(end.eof()),
        }
    }
}

/// The client's end: asks one question and leaves.
pub(crate) async fn visit(id: u64, mut stream: TcpStream) {
    const END: Endpoint = Endpoint::CLIENT_FACING_AGENT;

    let end = match ask_and_leave(&mut stream).await {
        Ok(()) => END.closed_locally(),
        Err(err) => END.failed(&CLASSIFIER, &err),
    };
    disconnected!(end, connection_id = id, "session closed");
}

async fn ask_and_leave(stream: &mut TcpStream) -> io::Result<()> {
    wire::ask(stream).await?;
    wire::write(stream, &Frame::Goodbye).await
}
