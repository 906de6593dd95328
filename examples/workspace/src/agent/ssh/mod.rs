//! The SSH server: connections, and what they carry.

mod ahead;
mod connection;
mod forward;
mod process;
mod session;
mod sftp;
mod transport;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::Side;
use disconnect_core::{
    ConnectionMethod, Disconnect, DisconnectGuard, DisconnectInitiator, DisconnectReason, disconnected,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{self, RunningSession};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli::AgentOptions;
use crate::ends::{AGENT_FACING_CLIENT, AGENT_FACING_RELAY};
use crate::wire::tunnel::{Tunnel, close_code};
use crate::wire::{Heartbeat, Socket};

pub(crate) use self::sftp::SftpError;

use self::connection::{Client, Connection, Handler};
use self::transport::Transport;
use super::run::Run;

/// How a client's connection arrives.
#[allow(clippy::large_enum_variant, reason = "moved once for each connection")]
pub(crate) enum Path {
    /// Straight from the client.
    Direct { stream: TcpStream, peer: SocketAddr },
    /// Through the relay, which names the client's session.
    Relayed { socket: Socket, client_session_id: String },
}

/// What all connections share.
pub(crate) struct Service {
    config: Arc<server::Config>,
    /// How long a peer may be silent.
    patience: Duration,
    ide_ports: Vec<u16>,
}

impl Service {
    /// A server with a new host key.
    pub(crate) fn new(options: &AgentOptions) -> Self {
        allow_many_files();
        let every = options.timing.heartbeat().every;
        let patience = every * Heartbeat::PATIENCE;
        let config = server::Config {
            keys: PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).into_iter().collect(),
            keepalive_interval: Some(every),
            keepalive_max: Heartbeat::PATIENCE as usize - 1,
            // A client that answers keep-alives is never idle. This is for one that reads nothing either, so that not even
            // a keep-alive can be written; and for one that never says which version it speaks.
            inactivity_timeout: Some(patience * 2),
            nodelay: true,
            ..server::Config::default()
        };
        Self { config: Arc::new(config), patience, ide_ports: options.ide_port.clone() }
    }

    /// Serves one connection, and writes its line.
    pub(crate) async fn serve(self: Arc<Self>, path: Path, run: Arc<Run>) {
        match path {
            Path::Direct { stream, peer } => {
                let socket = SockRef::from(&stream);
                // Where they cannot be set, SSH's own keep-alive still finds out.
                let _ = (socket.set_tcp_nodelay(true), socket.set_tcp_user_timeout(Some(self.patience)));
                let client = Arc::new(Client::direct(peer));
                // A port scan, or a check whether somebody listens: no connection, no disconnect.
                let guard = guard(&client, &run, ConnectionMethod::Direct).connecting();
                self.speak(stream, client, guard, run).await;
            }
            Path::Relayed { socket, client_session_id } => {
                let client = Arc::new(Client::relayed(client_session_id));
                let guard = guard(&client, &run, ConnectionMethod::Derp);
                let (ended, broken) = (guard.handle(), guard.handle());
                let (stream, tunnel) = Tunnel::open(socket, move |error| {
                    broken.set(AGENT_FACING_RELAY.failed(error).with_detail(error.to_string()));
                });
                self.speak(stream, client, guard, run).await;
                let end = ended.so_far();
                match end.initiator_as() {
                    // Whoever said goodbye inside closes the path.
                    Some(DisconnectInitiator::Client | DisconnectInitiator::Server) => {
                        tunnel.let_close(close_code(&end)).await;
                    }
                    _ => tunnel.close(close_code(&end)).await,
                }
            }
        }
    }

    /// Speaks SSH until the connection is over, and then until everything on it has written its line.
    async fn speak<S>(
        &self,
        stream: S,
        client: Arc<Client>,
        guard: DisconnectGuard<impl FnOnce(&Disconnect)>,
        run: Arc<Run>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let cut = CancellationToken::new();
        let stream = Transport::new(stream, client.clone(), guard.handle(), cut.clone());
        let connection = Arc::new(Connection::new(client, run.clone(), guard.handle(), self.ide_ports.clone()));
        let opened = tokio::select! {
            opened = server::run_stream(self.config.clone(), stream, Handler::new(connection.clone())) => opened,
            () = run.closing.cancelled() => return,
        };
        match opened {
            Ok(session) => attend(session, &connection).await,
            // The end of the bytes, before they named a version.
            Err(russh::Error::Disconnect) => drop(guard.set(AGENT_FACING_CLIENT.eof())),
            Err(error) => drop(guard.failed(&error)),
        }
        // Why is said. What is left of the session ends now, and so do its channels.
        cut.cancel();
        connection.end_channels().await;
    }
}

/// What writes a connection's line.
fn guard(
    client: &Arc<Client>,
    run: &Arc<Run>,
    method: ConnectionMethod,
) -> DisconnectGuard<impl FnOnce(&Disconnect) + use<>> {
    let (client, of_run) = (client.clone(), run.clone());
    let guard = DisconnectGuard::new(AGENT_FACING_CLIENT, move |end: &Disconnect| {
        disconnected!(
            end,
            group(of_run.build(end) => build_id, build_reason, transition),
            client_session_id = client.id(),
            "ssh connection complete"
        );
    })
    .under(&run.shutdown);
    guard.set_method(method);
    guard
}

/// How long a client may take to hear that the agent closes.
const GOODBYE: Duration = Duration::from_millis(500);

/// Waits until a connection is over, and says why.
async fn attend(mut session: RunningSession<Handler>, connection: &Connection) {
    let Connection { client, run, ended, .. } = connection;
    info!(client_session_id = client.known_id(), peer = client.peer(), "ssh connection accepted");
    let handle = session.handle();
    tokio::select! {
        result = &mut session => drop(match result {
            Err(error) if !client.is_leaving() => ended.failed(&error),
            // The client said goodbye. russh keeps the code of a DISCONNECT to itself: before the login, that may be any
            // complaint; after it, it is how a client leaves.
            _ if connection.is_admitted() => ended.set(AGENT_FACING_CLIENT.closed_by_peer()),
            _ => ended.set(AGENT_FACING_CLIENT.ended(DisconnectReason::Unknown, Side::Remote)),
        }),
        () = run.closing.cancelled() => {
            let told = async {
                let _ = handle.disconnect(russh::Disconnect::ByApplication, goodbye(connection), "en".to_owned()).await;
                session.await
            };
            let _ = timeout(GOODBYE, told).await;
        }
    }
}

/// Why the agent closes, for the user to read.
fn goodbye(Connection { ended, run, .. }: &Connection) -> String {
    match ended.get().as_ref().and_then(|end| run.build(end)) {
        Some(build) if build.transition == "delete" => format!("workspace deleted (build {})", build.build_id),
        Some(build) => format!("workspace stopped (build {})", build.build_id),
        None => "agent is shutting down".to_owned(),
    }
}

/// Each session needs some descriptors of its own, and the usual limit is for programs that use `select`.
fn allow_many_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
