//! The data path: one SSH connection to the agent, direct or through the relay.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use disconnect_core::evidence::Side;
use disconnect_core::{
    BoxedGuard, Code, ConnectionMethod, Disconnect, DisconnectCause, DisconnectHandle, DisconnectInitiator,
    DisconnectReason, disconnected,
};
use russh::client::{self, AuthResult, Msg};
use russh::keys::{PublicKey, PublicKeyOrCertificate};
use russh::{Channel, Error};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, copy, sink};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::info;

use crate::ends::{CLIENT_FACING_AGENT, CLIENT_FACING_RELAY};
use crate::told;
use crate::wire::message::Node;
use crate::wire::tunnel::{Tunnel, path_code};
use crate::wire::{CLIENT_GOODBYE, CLIENT_SESSION_ID, PATIENCE};

use super::{BY_AGENT, Client, Unconnected};

/// An SSH connection with its guard.
pub(super) struct Connection {
    pub(super) client: Arc<Client>,
    pub(super) guard: BoxedGuard,
    /// Cancelled after the end of the connection is recorded.
    pub(super) over: CancellationToken,
    ssh: client::Handle<Listener>,
    below: Below,
}

/// What is below the SSH connection, and has to be closed after it.
enum Below {
    /// A second handle to the socket. Closing a socket with unread bytes sends a reset, and the agent would see the
    /// reset instead of the goodbye.
    Tcp(TcpStream),
    Relay(Tunnel),
}

impl Below {
    /// Closes it, after this end is recorded.
    async fn close(self, end: &Disconnect) {
        let initiator = end.initiator_as();
        let is_theirs = matches!(initiator, Some(DisconnectInitiator::Agent | DisconnectInitiator::Server));
        match self {
            Self::Tcp(mut socket) if initiator == Some(DisconnectInitiator::Client) => {
                // Waits until the agent closes. An error does not matter here, because the end is already recorded.
                let _ = copy(&mut socket, &mut sink()).await;
            }
            Self::Tcp(_) => {}
            Self::Relay(tunnel) if is_theirs => tunnel.let_close(path_code(end)).await,
            Self::Relay(tunnel) => tunnel.close(path_code(end)).await,
        }
    }
}

impl Connection {
    /// Connects to the agent, and logs in.
    pub(super) async fn open(client: &Arc<Client>, node: &Node) -> Result<Self, Unconnected> {
        if !client.options.relay {
            let (stream, below) = dial(client, node).await?;
            let path = Path::new(client, ConnectionMethod::Direct);
            let stream = path.guard.watch(stream).hold_write_errors();
            return path.log_in(client, node, stream, below).await;
        }
        let socket = client.dial("relay").await?;
        let path = Path::new(client, ConnectionMethod::Derp);
        let (stream, tunnel) = Tunnel::open(socket, CLIENT_FACING_RELAY, path.guard.handle());
        path.log_in(client, node, stream, Below::Relay(tunnel)).await
    }

    /// Opens the channel for a session.
    pub(super) async fn open_session(&self) -> Result<Channel<Msg>, Disconnect> {
        let opened = self.ssh.channel_open_session().await;
        self.opened(opened).await
    }

    /// Opens a channel that the agent forwards to a port of its own host.
    pub(super) async fn open_port(&self, port: u16, from: std::net::SocketAddr) -> Result<Channel<Msg>, Disconnect> {
        let (to, by) = ("127.0.0.1", from.ip().to_string());
        let opened = self.ssh.channel_open_direct_tcpip(to, port.into(), by, from.port().into()).await;
        self.opened(opened).await
    }

    async fn opened(&self, opened: Result<Channel<Msg>, Error>) -> Result<Channel<Msg>, Disconnect> {
        match opened {
            Ok(channel) => Ok(channel),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    /// Returns the meaning of an error on this connection. If the error is a consequence of the connection's end,
    /// returns that end.
    pub(super) async fn failed(&self, error: &Error) -> Disconnect {
        if self.ssh.is_closed() {
            self.over.cancelled().await;
        }
        self.guard.get().unwrap_or_else(|| CLIENT_FACING_AGENT.failed(error).with_detail(error.to_string()))
    }

    /// Sends the `client_session_id` if there is no session.
    pub(super) async fn introduce(&self) -> Result<(), Disconnect> {
        match self.say(CLIENT_SESSION_ID, &self.client.id).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    /// Sends a variable that SSH has no message for, on a channel that requests nothing else.
    async fn say(&self, name: &str, value: &str) -> Result<(), Error> {
        let channel = self.ssh.channel_open_session().await?;
        channel.set_env(false, name, value).await?;
        channel.close().await
    }

    /// Closes the connection. If nothing ended it before, this side did.
    pub(super) async fn close(self) {
        self.leave();
        let client = self.client.clone();
        let closed = async move {
            if !self.ssh.is_closed() {
                let _ = self.say(CLIENT_GOODBYE, "yes").await;
            }
            let _ = self.ssh.disconnect(russh::Disconnect::ByApplication, "", "").await;
            let _ = self.ssh.await;
            self.below.close(&self.guard.handle().so_far()).await;
        };
        // A frozen agent does not receive a goodbye.
        let _ = client.bounded(BY_AGENT, closed).await;
    }

    /// Records that this side ends the connection, before its channels are dropped.
    pub(super) fn leave(&self) {
        self.guard.set(CLIENT_FACING_AGENT.closed_locally());
    }

    /// Returns the end after the connection has ended or the user has left.
    pub(super) fn end(&self) -> Disconnect {
        self.guard.handle().so_far()
    }
}

/// Connects to the agent's SSH server.
async fn dial(client: &Client, node: &Node) -> Result<(TcpStream, Below), Unconnected> {
    let address = client.options.direct.as_ref().unwrap_or(&node.ssh);
    let unreachable = |source: io::Error| Unconnected::Agent { address: address.clone(), source };
    let stream = client.patiently(TcpStream::connect(address)).await?.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    // If the agent receives nothing any more, a keep-alive stays in the send buffer, so the kernel has to detect the
    // dead peer.
    #[cfg(target_os = "linux")]
    {
        let patience = client.options.timing.silence();
        SockRef::from(&stream).set_tcp_user_timeout(Some(patience)).map_err(unreachable)?;
    }
    let again = SockRef::from(&stream).try_clone().and_then(|socket| TcpStream::from_std(socket.into()));
    Ok((stream, Below::Tcp(again.map_err(unreachable)?)))
}

/// A data path to the agent that is up, before the SSH connection is.
struct Path {
    guard: BoxedGuard,
    method: ConnectionMethod,
}

impl Path {
    fn new(client: &Arc<Client>, method: ConnectionMethod) -> Self {
        let of = client.clone();
        // russh reports the reason of an end only once, to a handler that exists before the connection is up.
        let guard = BoxedGuard::boxed(CLIENT_FACING_AGENT, move |end| {
            disconnected!(
                end,
                group(of.build(end) => build_id, build_reason, transition),
                client_session_id = of.id,
                "ssh connection closed"
            );
        })
        .connecting()
        .under(&client.stopped);
        guard.set_method(method);
        Self { guard, method }
    }

    async fn log_in<S>(
        self,
        client: &Arc<Client>,
        node: &Node,
        stream: S,
        below: Below,
    ) -> Result<Connection, Unconnected>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let over = CancellationToken::new();
        let (ended, host_key) = (self.guard.handle(), node.host_key.clone());
        let listener = Listener { ended, host_key, _over: over.clone().drop_guard() };
        match client.patiently(log_in(client, stream, listener)).await? {
            Ok(ssh) => {
                let method = self.method.as_str();
                info!(client_session_id = client.id, connection_method = method, "connected");
                self.guard.established();
                client.has_path.store(true, Ordering::Relaxed);
                Ok(Connection { client: client.clone(), guard: self.guard, over, ssh, below })
            }
            Err(end) => {
                self.guard.set(end);
                let end = self.guard.finish();
                Err(Unconnected::Ended(told::why(&end, client.build(&end))))
            }
        }
    }
}

async fn log_in<S>(client: &Client, stream: S, listener: Listener) -> Result<client::Handle<Listener>, Disconnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error| match error {
        // If the handler received no reason, the bytes ended before the agent sent its version.
        Error::Disconnect => CLIENT_FACING_AGENT.eof(),
        error => CLIENT_FACING_AGENT.failed(&error).with_detail(error.to_string()),
    };
    let config = client::Config {
        keepalive_interval: Some(client.options.timing.heartbeat),
        keepalive_max: PATIENCE as usize,
        ..client::Config::default()
    };
    let user = std::env::var("USER").unwrap_or_else(|_| "user".to_owned());
    let mut ssh = client::connect_stream(Arc::new(config), stream, listener).await.map_err(failed)?;
    match ssh.authenticate_none(user).await.map_err(failed)? {
        AuthResult::Success => Ok(ssh),
        AuthResult::Failure { .. } => {
            Err(CLIENT_FACING_AGENT.ended(DisconnectReason::Unknown, Side::Remote).with_cause(DisconnectCause::Auth))
        }
    }
}

/// The handler: the only place that receives the reason of the end.
struct Listener {
    ended: DisconnectHandle,
    /// The agent's host key, from the server, which has checked the agent's token.
    host_key: String,
    /// Dropped with the connection's task, after the reason is known.
    _over: DropGuard,
}

impl client::Handler for Listener {
    type Error = Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Error> {
        Ok(match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                PublicKey::from_openssh(&self.host_key).is_ok_and(|ours| ours.key_data() == key.key_data())
            }
            PublicKeyOrCertificate::Certificate(_) => false,
        })
    }

    async fn disconnected(&mut self, reason: client::DisconnectReason<Error>) -> Result<(), Error> {
        match reason {
            client::DisconnectReason::ReceivedDisconnect(said) => {
                let end = CLIENT_FACING_AGENT.received(Code::ssh(said.reason_code as u32));
                self.ended.set(if said.message.is_empty() { end } else { end.with_detail(said.message) });
                Ok(())
            }
            client::DisconnectReason::Error(error) => {
                self.ended.failed(&error);
                Err(error)
            }
        }
    }
}
