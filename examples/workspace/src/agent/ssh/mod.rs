//! The SSH server: its connections and their channels.

mod ahead;
mod connection;
mod forward;
mod host_key;
mod process;
mod session;
mod transport;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{
    ConnectionMethod, Disconnect, DisconnectCause, DisconnectGuard, DisconnectInitiator, DisconnectReason, disconnected,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use russh::server::{self, RunningSession};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli::AgentOptions;
use crate::ends::{AGENT_FACING_CLIENT, AGENT_FACING_RELAY};
use crate::listen::Noise;
use crate::told;
use crate::wire::tunnel::{Tunnel, path_code};
use crate::wire::{PATIENCE, Socket};

use self::connection::{Client, Connection, Handler};
use self::transport::Transport;
use super::run::Run;

/// How a client's connection arrives.
#[allow(clippy::large_enum_variant, reason = "moved once for each connection")]
pub(crate) enum Path {
    /// Directly from the client.
    Direct { stream: TcpStream, peer: SocketAddr },
    /// Through the relay, which passes the client's session id.
    Relayed { socket: Socket, client_session_id: String },
}

/// The state that all connections share.
pub(crate) struct Service {
    config: Arc<server::Config>,
    options: AgentOptions,
    noise: Noise,
}

impl Service {
    /// Creates a server with the agent's host key.
    ///
    /// # Errors
    ///
    /// The key cannot be read or made.
    pub(crate) fn new(options: AgentOptions, noise: Noise) -> Result<Self, Box<dyn Error>> {
        allow_many_files();
        let config = server::Config {
            keys: vec![host_key::read_or_make(options.host_key.as_deref())?],
            keepalive_interval: Some(options.timing.heartbeat),
            keepalive_max: PATIENCE as usize - 1,
            // A client that answers keep-alives is never idle. This timeout is for a client that does not read, so
            // that not even a keep-alive can be written, and for a client that never sends its version.
            inactivity_timeout: Some(options.timing.silence() * 2),
            nodelay: true,
            ..server::Config::default()
        };
        Ok(Self { config: Arc::new(config), options, noise })
    }

    /// The maximum number of bytes that wait for a target that does not read.
    fn most_ahead(&self) -> usize {
        self.options.ahead << 20
    }

    /// Returns the host key that clients have to expect.
    ///
    /// # Errors
    ///
    /// The key cannot be encoded as text.
    pub(crate) fn host_key(&self) -> Result<String, Box<dyn Error>> {
        let key = self.config.keys.first().ok_or("there is no host key")?;
        Ok(key.public_key().to_openssh()?)
    }

    /// Serves one connection, and writes its line.
    pub(crate) async fn serve(self: Arc<Self>, path: Path, run: Arc<Run>) {
        match path {
            Path::Direct { stream, peer } => {
                let socket = SockRef::from(&stream);
                // If keep-alive cannot be set, SSH's own keep-alive still detects a dead peer.
                let silence = self.options.timing.silence();
                let _ = (socket.set_tcp_nodelay(true), socket.set_tcp_user_timeout(Some(silence)));
                let client = Arc::new(Client { peer: Some(peer), ..Client::default() });
                // A port scan or a health check. The connection never came up, so there is no disconnect.
                let guard = self.guard(&client, &run, ConnectionMethod::Direct).connecting();
                // russh ends a session at a write error, although a goodbye may still be unread.
                let stream = guard.watch(stream).hold_write_errors();
                self.speak(stream, client, guard, run).await;
            }
            Path::Relayed { socket, client_session_id } => {
                let client = Arc::new(Client { session_id: client_session_id.into(), ..Client::default() });
                let guard = self.guard(&client, &run, ConnectionMethod::Derp);
                let ended = guard.handle();
                let (stream, tunnel) = Tunnel::open(socket, AGENT_FACING_RELAY, ended.clone());
                self.speak(stream, client, guard, run).await;
                let end = ended.so_far();
                match end.initiator_as() {
                    // The side that said goodbye inside the tunnel closes the data path.
                    Some(DisconnectInitiator::Client | DisconnectInitiator::Server) => {
                        tunnel.let_close(path_code(&end)).await;
                    }
                    _ => tunnel.close(path_code(&end)).await,
                }
            }
        }
    }

    /// Serves SSH until the connection has ended, and then waits until all its channels have written their lines.
    async fn speak<S>(
        self: &Arc<Self>,
        stream: S,
        client: Arc<Client>,
        guard: DisconnectGuard<impl FnOnce(&Disconnect)>,
        run: Arc<Run>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let cut = CancellationToken::new();
        let stream = Transport::new(stream, client.clone(), guard.handle(), cut.clone());
        let connection = Arc::new(Connection::new(client, run, guard.handle(), self.clone()));
        let handler = Handler(connection.clone());
        let speaking = async {
            match server::run_stream(self.config.clone(), stream, handler).await {
                Ok(session) => attend(session, &connection).await,
                // The bytes ended before the client sent a version.
                Err(russh::Error::Disconnect) => drop(guard.set(AGENT_FACING_CLIENT.eof())),
                Err(error) => drop(guard.failed(&error)),
            }
        };
        tokio::select! {
            () = speaking => {}
            () = connection.client.not_admitted(self.options.timing.login) => {
                let late = AGENT_FACING_CLIENT.ended(DisconnectReason::Unknown, Side::Local);
                guard.set(late.with_cause(DisconnectCause::Deadline).with_detail("no login in time"));
            }
        }
        // The end is recorded. Now end the rest of the session and its channels.
        cut.cancel();
        connection.end_channels().await;
    }

    /// The closure that writes a connection's line. Connections without a login are at DEBUG, because anyone can
    /// cause them.
    fn guard(
        &self,
        client: &Arc<Client>,
        run: &Arc<Run>,
        method: ConnectionMethod,
    ) -> DisconnectGuard<impl FnOnce(&Disconnect) + use<>> {
        let (client, of_run, noise) = (client.clone(), run.clone(), self.noise.clone());
        let guard = DisconnectGuard::new(AGENT_FACING_CLIENT, move |end: &Disconnect| {
            let (build, client_session_id) = (of_run.build(end), client.id());
            if !client.admitted.is_cancelled() {
                disconnected!(
                    level: DEBUG,
                    end,
                    group(build => build_id, build_reason, transition),
                    client_session_id,
                    "ssh connection complete"
                );
                noise.add();
            } else if end.detail() == Some(HIDDEN_CODE) {
                // Every OpenSSH sends a DISCONNECT at its end, so the line is only at INFO.
                disconnected!(level: INFO, end, client_session_id, "ssh connection complete");
            } else {
                disconnected!(
                    end,
                    group(build => build_id, build_reason, transition),
                    client_session_id,
                    "ssh connection complete"
                );
            }
        })
        .under(&run.shutdown);
        guard.set_method(method);
        guard
    }
}

/// russh's server stops at the first byte of a DISCONNECT, and passes on neither its code nor its text. The code may
/// be a goodbye (11) or report a fault, so the end is never expected. Our own client sends [`CLIENT_GOODBYE`] before
/// it.
///
/// [`CLIENT_GOODBYE`]: crate::wire::CLIENT_GOODBYE
const HIDDEN_CODE: &str = "a DISCONNECT with a code that is not known";

/// The maximum time for a client to receive the agent's close.
const GOODBYE: Duration = Duration::from_millis(500);

/// Waits until a connection has ended, and returns its end.
async fn attend(mut session: RunningSession<Handler>, connection: &Connection) {
    let Connection { client, run, ended, .. } = connection;
    info!(
        client_session_id = client.session_id.get(),
        peer = client.peer.map(tracing::field::display),
        "ssh connection accepted"
    );
    let handle = session.handle();
    tokio::select! {
        result = &mut session => drop(match result {
            Err(error) if !client.is_leaving() => ended.failed(&error),
            Ok(()) | Err(_) => {
                // With the rank of a lost transport, so that a channel that the client closed before keeps its own
                // end.
                let hidden = Verdict::new(DisconnectReason::Unknown, Side::Remote).with_rank(Rank::Transport);
                ended.set(AGENT_FACING_CLIENT.resolve(hidden).with_detail(HIDDEN_CODE))
            }
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

/// The text for the user of a connection that the agent closes. OpenSSH prints it.
fn goodbye(Connection { ended, run, .. }: &Connection) -> String {
    let end = ended.so_far();
    told::why(&end, run.build(&end))
}

/// Each session needs several file descriptors, and the usual limit is for programs that use `select`.
fn allow_many_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
