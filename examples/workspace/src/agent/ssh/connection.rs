//! One connection: who the client is, and what it asks for.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use disconnect_core::DisconnectHandle;
use russh::server::{Auth, ChannelOpenHandle, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Pty, server};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wire::is_word;

use super::super::run::Run;
use super::{forward, session};

/// By which variable a client says how its connection is found in the logs of all three processes.
const CLIENT_SESSION_ID: &str = "CLIENT_SESSION_ID";

/// Who is at the other end.
pub(super) struct Client {
    peer: Option<SocketAddr>,
    session_id: OnceLock<String>,
    is_leaving: AtomicBool,
}

impl Client {
    /// One that has not said so far by what it is found.
    pub(super) fn direct(peer: SocketAddr) -> Self {
        Self { peer: Some(peer), session_id: OnceLock::new(), is_leaving: false.into() }
    }

    /// One that the relay knows.
    pub(super) fn relayed(client_session_id: String) -> Self {
        Self { peer: None, session_id: client_session_id.into(), is_leaving: false.into() }
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
    channels: TaskTracker,
    is_admitted: AtomicBool,
}

impl Connection {
    pub(super) fn new(client: Arc<Client>, run: Arc<Run>, ended: DisconnectHandle, ide_ports: Vec<u16>) -> Self {
        let (over, channels) = (CancellationToken::new(), TaskTracker::new());
        Self { client, run, ended, over, ide_ports, channels, is_admitted: AtomicBool::new(false) }
    }

    /// Whether the client was let in.
    pub(super) fn is_admitted(&self) -> bool {
        self.is_admitted.load(Ordering::Relaxed)
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
        self.0.is_admitted.store(true, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::direct(SocketAddr::from(([127, 0, 0, 1], 2222)))
    }

    #[test]
    fn the_first_name_stays() {
        let client = client();
        client.name("7f3a-B_1");
        client.name("another");
        assert_eq!(client.id(), "7f3a-B_1");
    }

    #[test]
    fn a_hostile_name_is_ignored() {
        let client = client();
        for hostile in ["", "a b", "a\nb", "\u{1b}[31m", "ä", &"a".repeat(65)] {
            client.name(hostile);
            assert_eq!(client.known_id(), None, "{hostile:?}");
        }
        assert_eq!(client.id().len(), 16);
        assert_eq!(client.id(), client.id());
    }
}
