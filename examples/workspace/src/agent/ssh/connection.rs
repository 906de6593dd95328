//! One connection: who the client is, and what it asks for.

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

/// Who is at the other end.
#[derive(Default)]
pub(super) struct Client {
    /// Where one is that came straight here.
    pub(super) peer: Option<SocketAddr>,
    pub(super) session_id: OnceLock<String>,
    /// One of the two has said DISCONNECT.
    pub(super) is_leaving: AtomicBool,
    /// Cancelled once it has logged in.
    pub(super) admitted: CancellationToken,
}

impl Client {
    /// Until it has taken too long to log in.
    pub(super) async fn not_admitted(&self, grace: Duration) {
        if timeout(grace, self.admitted.cancelled()).await.is_ok() {
            pending::<()>().await;
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    /// By what its connection is found in the logs: it may say so until the first line needs it.
    pub(super) fn id(&self) -> &str {
        self.session_id.get_or_init(new_id)
    }
}

/// What the channels of a connection share.
pub(super) struct Connection {
    pub(super) client: Arc<Client>,
    pub(super) run: Arc<Run>,
    /// What ends the connection ends its channels: their guards are under this one.
    pub(super) ended: DisconnectHandle,
    /// The connection is over, and has said why.
    pub(super) over: CancellationToken,
    pub(super) service: Arc<Service>,
    channels: TaskTracker,
}

impl Connection {
    pub(super) fn new(client: Arc<Client>, run: Arc<Run>, ended: DisconnectHandle, service: Arc<Service>) -> Self {
        Self { client, run, ended, over: CancellationToken::new(), service, channels: TaskTracker::new() }
    }

    /// Lets the channels end, once it is said why the connection did.
    pub(super) async fn end_channels(&self) {
        self.over.cancel();
        self.channels.close();
        self.channels.wait().await;
    }
}

/// Answers the client. What takes time is done by one task for each channel: a handler that waits keeps all of them
/// waiting.
pub(super) struct Handler(pub(super) Arc<Connection>);

impl server::Handler for Handler {
    type Error = russh::Error;

    /// Whoever reaches this port is let in, since it is on loopback: the way in from elsewhere is the relay, and that
    /// has asked who it is.
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
        // A port that is none is refused when the reply is dropped.
        if let Ok(port) = u16::try_from(port) {
            self.0.channels.spawn(forward::serve(channel, reply, host.to_owned(), port, self.0.clone()));
        }
        Ok(())
    }

    // The requests of a session reach its task through the channel. They are answered here, in their order.

    /// Variables by which a client of ours says what SSH has no words for, or russh does not pass on.
    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match name {
            // Unless it was said before, or is not fit for a log.
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
