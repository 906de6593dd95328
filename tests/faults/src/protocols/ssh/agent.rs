//! An agent that speaks SSH as a service does: it runs commands in a shell, and knows how their sessions end.

use std::collections::HashMap;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    BoxedGuard, Code, Disconnect, DisconnectCause, DisconnectHandle, DisconnectReason as Why, Endpoint,
};
use russh::keys::ssh_key::private::{Ed25519Keypair, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, RunningSession};
use russh::{Channel, ChannelId, Sig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::signals;
use crate::peers::signal;

/// Nobody with this name is let in.
pub(super) const STRANGER: &str = "stranger";
/// The command whose handler has a bug.
pub(super) const PANIC: &str = "panic";
/// The command whose task ends without a status.
pub(super) const FORGET: &str = "forget";

/// What the agent knows of one connection.
#[derive(Clone)]
pub(super) struct Known {
    end: Endpoint,
    ended: DisconnectHandle,
    over: Arc<AtomicBool>,
    admitted: Arc<AtomicBool>,
    refused: Arc<AtomicBool>,
}

impl Known {
    /// Says how it ends, before anything is closed.
    pub(super) fn say(&self, end: Disconnect) {
        if !self.over.load(Ordering::SeqCst) {
            self.ended.set(end);
        }
    }
}

/// The agent's handler of one connection.
pub(super) struct Service {
    known: Known,
    running: HashMap<ChannelId, Running>,
}

/// What the status of a command or of a shell means.
type Exited = fn(Endpoint, ExitStatus) -> Disconnect;

/// A command that runs behind a channel.
struct Running {
    process: u32,
    stdin: Option<ChildStdin>,
    /// The client's Ctrl-C was passed on.
    interrupted: Arc<AtomicBool>,
}

impl server::Handler for Service {
    type Error = russh::Error;

    async fn auth_none(&mut self, user: &str) -> Result<Auth, russh::Error> {
        let refused = user == STRANGER;
        self.known.refused.fetch_or(refused, Ordering::SeqCst);
        Ok(if refused { Auth::reject() } else { Auth::Accept })
    }

    async fn auth_succeeded(&mut self, _: &mut server::Session) -> Result<(), russh::Error> {
        self.known.admitted.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<server::Msg>,
        reply: ChannelOpenHandle,
        _: &mut server::Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        match &*String::from_utf8_lossy(command) {
            // As a panic, but without its message on the terminal.
            PANIC => std::panic::resume_unwind(Box::new("injected")),
            FORGET => session.close(channel),
            command => self.run(channel, &["-c", command], Endpoint::process_exited, session),
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut server::Session) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        self.run(channel, &[], Endpoint::shell_exited, session)
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _: &mut server::Session) -> Result<(), russh::Error> {
        if let Some(stdin) = self.running.get_mut(&channel).and_then(|running| running.stdin.as_mut()) {
            // A command that no longer reads is no fault of the connection.
            drop(stdin.write_all(data).await);
        }
        Ok(())
    }

    /// The client's input is over. The command runs on, and so does the connection.
    async fn channel_eof(&mut self, channel: ChannelId, _: &mut server::Session) -> Result<(), russh::Error> {
        if let Some(running) = self.running.get_mut(&channel) {
            running.stdin = None;
        }
        Ok(())
    }

    async fn signal(&mut self, channel: ChannelId, name: Sig, _: &mut server::Session) -> Result<(), russh::Error> {
        if let (Some(running), Sig::INT) = (self.running.get(&channel), name) {
            running.interrupted.store(true, Ordering::SeqCst);
            signal("INT", running.process).await?;
        }
        Ok(())
    }

    /// The goodbye of a client to its session, which outranks what happens to the connection afterwards.
    /// Not where it only answers ours: of a channel that this side closed, nothing runs any more.
    async fn channel_close(&mut self, channel: ChannelId, _: &mut server::Session) -> Result<(), russh::Error> {
        if self.running.remove(&channel).is_some() {
            self.known.say(self.known.end.closed_by_peer());
        }
        Ok(())
    }
}

/// The session is over, and with it go the inputs of its commands. What they exit with now only follows from that.
impl Drop for Service {
    fn drop(&mut self) {
        self.known.over.store(true, Ordering::SeqCst);
    }
}

impl Service {
    fn run(
        &mut self,
        channel: ChannelId,
        arguments: &[&str],
        exited: Exited,
        session: &server::Session,
    ) -> Result<(), russh::Error> {
        let mut child = Command::new("sh")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let process = child.id().unwrap_or_default();
        let interrupted = Arc::<AtomicBool>::default();
        let running = Running { process, stdin: child.stdin.take(), interrupted: interrupted.clone() };
        self.running.insert(channel, running);
        tokio::spawn(attend_command(child, channel, session.handle(), self.known.clone(), interrupted, exited));
        Ok(())
    }
}

/// Hands the command's output on, and its status, which is said before the channel is closed.
async fn attend_command(
    mut child: Child,
    channel: ChannelId,
    handle: server::Handle,
    known: Known,
    interrupted: Arc<AtomicBool>,
    exited: Exited,
) -> Option<()> {
    let mut stdout = child.stdout.take()?;
    let mut buffer = vec![0; 1024];
    while let Ok(length @ 1..) = stdout.read(&mut buffer).await {
        handle.data(channel, buffer[..length].to_vec()).await.ok()?;
    }
    let status = child.wait().await.ok()?;
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    // The signal alone does not tell a Ctrl-C from a `kill`: who passed the key on knows.
    if signal == Some(2) && interrupted.load(Ordering::SeqCst) {
        known.say(known.end.closed_by_peer().with_code(Code::signal(2)));
    } else {
        known.say(exited(known.end, status));
    }
    if let Some(code) = status.code() {
        handle.exit_status_request(channel, code.unsigned_abs()).await.ok()?;
    } else {
        let signal = signal.and_then(signals::name)?;
        handle.exit_signal_request(channel, signal, false, String::new(), String::new()).await.ok()?;
    }
    handle.eof(channel).await.ok()?;
    handle.close(channel).await.ok()
}

/// An agent's configuration, with a host key.
pub(super) fn agent_config() -> server::Config {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    server::Config {
        keys: vec![key],
        auth_rejection_time: std::time::Duration::ZERO,
        max_auth_attempts: 2,
        ..server::Config::default()
    }
}

/// A connection that the agent serves: what is known of it, the handle to it, and its end.
pub(super) struct Served {
    guard: BoxedGuard,
    pub(super) known: Known,
    pub(super) handle: server::Handle,
    session: RunningSession<Service>,
}

/// Begins to serve a connection. One that ends before the client has said which version it speaks never becomes a
/// session, and the only thing that `Disconnect` stands for here is an end of file.
pub(super) async fn serve<S>(config: server::Config, stream: S, end: Endpoint) -> Result<Served, Disconnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let guard = BoxedGuard::boxed(end, |_| ()).connecting();
    let ended = guard.handle();
    let known = Known { end, ended, over: Arc::default(), admitted: Arc::default(), refused: Arc::default() };
    let service = Service { known: known.clone(), running: HashMap::new() };
    match server::run_stream(Arc::new(config), stream, service).await {
        Ok(session) => {
            guard.established();
            Ok(Served { guard, known, handle: session.handle(), session })
        }
        Err(russh::Error::Disconnect) => Err(end.eof()),
        Err(error) => Err(end.failed(&error)),
    }
}

impl Served {
    /// The end of a session as the server sees it. Its future is `Ok` for everything orderly: after our own DISCONNECT,
    /// and after one of the client's, whose code russh drops. So what was said before comes first, as the guard has it; then
    /// whether the client was ever let in; and if neither tells, only the side is known.
    pub(super) async fn ended(self) -> Disconnect {
        let Known { end, admitted, refused, .. } = self.known;
        let result = self.session.await;
        // A client that was refused leaves in whatever way.
        if refused.load(Ordering::SeqCst) && !admitted.load(Ordering::SeqCst) {
            self.guard.set(end.resolve(Verdict::new(Why::Unknown, Side::Local).with_cause(DisconnectCause::Auth)));
        }
        match result {
            Ok(()) => self.guard.set(end.resolve(Verdict::new(Why::Unknown, Side::Remote))),
            Err(error) => self.guard.failed(&error),
        };
        self.guard.finish()
    }
}
