//! The SSH server: connections, and what they carry.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::cli::AgentOptions;
use crate::wire::Socket;

use super::run::Run;

/// How a client's connection arrives.
pub(crate) enum Path {
    /// Straight from the client.
    Direct { stream: TcpStream, peer: SocketAddr },
    /// Through the relay, which names the client's session.
    Relayed { socket: Socket, client_session_id: String },
}

/// What all connections share.
pub(crate) struct Service {}

impl Service {
    pub(crate) fn new(_options: &AgentOptions) -> Self {
        Self {}
    }

    /// Serves one connection, and writes its line.
    pub(crate) async fn serve(self: Arc<Self>, _path: Path, _run: Arc<Run>) {}
}
