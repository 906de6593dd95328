//! One connection: who the client is, and what it asks for.

use std::collections::HashSet;
use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use disconnect_core::DisconnectHandle;
use russh::server::{Auth, ChannelOpenHandle, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Pty, server};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wire::is_word;

use super::super::run::Run;
use super::{Service, forward, session};

/// By which variable a client says how its connection is found in the logs of all three processes.
const CLIENT_SESSION_ID: &str = "CLIENT_SESSION_ID";

/// Who is at the other end.
pub(super) struct Client {
    peer: Option<SocketAddr>,
    session_id: OnceLock<String>,
    is_leaving: AtomicBool,
    /// Cancelled once it has logged in.
    pub(super) admitted: CancellationToken,
}

impl Client {
    /// One that has not said so far by what it is found.
    pub(super) fn direct(peer: SocketAddr) -> Self {
        Self::new(Some(peer), OnceLock::new())
    }

    /// One that the relay knows.
    pub(super) fn relayed(client_session_id: String) -> Self {
        Self::new(None, client_session_id.into())
    }

    fn new(peer: Option<SocketAddr>, session_id: OnceLock<String>) -> Self {
        Self { peer, session_id, is_leaving: false.into(), admitted: CancellationToken::new() }
    }

    /// Until it has taken too long to log in.
    pub(super) async fn not_admitted(&self, grace: Duration) {
        if timeout(grace, self.admitted.cancelled()).await.is_ok() {
            pending::<()>().await;
        }
    }

    /// Whether it has said goodbye, where we have not.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    pub(super) fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    pub(super) fn peer(&self) -> Option<String> {
        self.peer.map(|peer| peer.to_string())
    }

    /// By what its connection is found in the logs: it may say so until the first line needs it.
    pub(super) fn id(&self) -> &str {
        self.session_id.get_or_init(|| format!("{:016x}", RandomState::new().hash_one(())))
    }

    pub(super) fn known_id(&self) -> Option<&str> {
        self.session_id.get().map(String::as_str)
    }

    /// Takes what the client says, unless it was said before or is not fit for a log.
    fn name(&self, id: &str) {
        if is_word(id) {
            let _ = self.session_id.set(id.to_owned());
        }
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
    pub(super) ide_ports: Vec<u16>,
    /// How much may wait for what does not read.
    pub(super) ahead: usize,
    channels: TaskTracker,
    open: Mutex<Open>,
}

/// The channels that a client has opened, and those of them that neither side has closed.
#[derive(Default)]
struct Open {
    had_some: bool,
    channels: HashSet<ChannelId>,
}

impl Connection {
    pub(super) fn new(client: Arc<Client>, run: Arc<Run>, ended: DisconnectHandle, service: &Service) -> Self {
        let (over, channels) = (CancellationToken::new(), TaskTracker::new());
        let (ide_ports, ahead) = (service.ide_ports.clone(), service.ahead);
        Self { client, run, ended, over, ide_ports, ahead, channels, open: Mutex::default() }
    }

    /// A client has opened a channel.
    pub(super) fn opens(&self, channel: ChannelId) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.had_some = true;
        open.channels.insert(channel);
    }

    /// A side closes a channel.
    pub(super) fn closes(&self, channel: ChannelId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).channels.remove(&channel);
    }

    /// Whether the client had something done here, and all of it is over.
    pub(super) fn is_done_with(&self) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.had_some && open.channels.is_empty()
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
pub(super) struct Handler(Arc<Connection>);

impl Handler {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }
}

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

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.0.closes(channel);
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        self.0.opens(channel.id());
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

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if name == CLIENT_SESSION_ID {
            self.0.client.name(value);
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
