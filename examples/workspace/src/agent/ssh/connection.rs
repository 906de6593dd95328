//! One SSH connection: the client's identity and its requests.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use disconnect_core::DisconnectHandle;
use russh::server::{Auth, ChannelOpenHandle, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Pty, server};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ends::AGENT_FACING_CLIENT;
use crate::wire::{CLIENT_GOODBYE, CLIENT_SESSION_ID, is_word, new_id};

use super::super::run::Run;
use super::{Service, forward, session};

/// The peer of a connection.
#[derive(Default)]
pub(super) struct Client {
    /// The address of a client that connected directly.
    pub(super) peer: Option<SocketAddr>,
    pub(super) session_id: OnceLock<String>,
    /// Whether either side has sent a DISCONNECT.
    pub(super) is_leaving: AtomicBool,
    /// Cancelled after the login.
    pub(super) admitted: CancellationToken,
}

impl Client {
    /// Waits until the deadline of the login has passed.
    pub(super) async fn not_admitted(&self, grace: Duration) {
        if timeout(grace, self.admitted.cancelled()).await.is_ok() {
            pending::<()>().await;
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    /// The `client_session_id` for the logs. The client may send it until the first line needs it.
    pub(super) fn id(&self) -> &str {
        self.session_id.get_or_init(new_id)
    }
}

/// The state that the channels of a connection share.
pub(super) struct Connection {
    pub(super) client: Arc<Client>,
    pub(super) run: Arc<Run>,
    /// The guard of the connection. The guards of its channels are under this one.
    pub(super) ended: DisconnectHandle,
    /// Cancelled after the end of the connection is recorded.
    pub(super) over: CancellationToken,
    pub(super) service: Arc<Service>,
    channels: TaskTracker,
}

impl Connection {
    pub(super) fn new(client: Arc<Client>, run: Arc<Run>, ended: DisconnectHandle, service: Arc<Service>) -> Self {
        Self { client, run, ended, over: CancellationToken::new(), service, channels: TaskTracker::new() }
    }

    /// Lets the channels end, after the end of the connection is recorded.
    pub(super) async fn end_channels(&self) {
        self.over.cancel();
        self.channels.close();
        self.channels.wait().await;
    }
}

/// Handles the client's requests. Slow work runs in one task for each channel, because a waiting handler blocks all
/// channels.
pub(super) struct Handler(pub(super) Arc<Connection>);

impl server::Handler for Handler {
    type Error = russh::Error;

    /// Accepts every client of this port, because the port is on loopback. Other machines come through the relay,
    /// which checks the token.
    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn auth_succeeded(&mut self, _: &mut Session) -> Result<(), russh::Error> {
        self.0.client.admitted.cancel();
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        self.0.channels.spawn(session::serve(channel, session.handle(), self.0.clone()));
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        // Dropping the reply rejects an invalid port number.
        if let Ok(port) = u16::try_from(port) {
            self.0.channels.spawn(forward::serve(channel, reply, host.to_owned(), port, self.0.clone()));
        }
        Ok(())
    }

    // The requests of a session reach its task through the channel, which answers them in order.

    /// Variables with which our client sends values that SSH has no message for, or that russh does not pass on.
    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match name {
            // Ignores a second id, and an id that is not fit for a log.
            CLIENT_SESSION_ID if is_word(value) => drop(self.0.client.session_id.set(value.to_owned())),
            CLIENT_GOODBYE => drop(self.0.ended.set(AGENT_FACING_CLIENT.closed_by_peer())),
            _ => {}
        }
        session.channel_success(channel)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }

    async fn exec_request(&mut self, channel: ChannelId, _: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if name == session::SFTP { session.channel_success(channel) } else { session.channel_failure(channel) }
    }
}
