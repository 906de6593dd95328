//! An agent that speaks SSH as a service does: it runs commands in a shell, and knows how their sessions end.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectReason as Why, Endpoint};
use russh::keys::ssh_key::private::{Ed25519Keypair, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle};
use russh::{Channel, ChannelId, Sig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::signals;
use crate::peers::signal;
use crate::recipes::russh_server::{self, Notes};

/// Nobody with this name is let in.
pub(super) const STRANGER: &str = "stranger";
/// The command whose handler has a bug.
pub(super) const PANIC: &str = "panic";
/// The command whose task ends without a status.
pub(super) const FORGET: &str = "forget";
/// The command whose channel is closed while it runs; it succeeds afterwards.
pub(super) const TEAR_DOWN: &str = "tear down";
/// The command that succeeds, after which the agent keeps its channel open.
pub(super) const LINGER: &str = "linger";
/// The command at which the process of the agent exits.
pub(super) const EXIT: &str = "exit";

/// The agent's handler of one connection.
pub(super) struct Service {
    notes: Notes,
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
        let accepted = user != STRANGER;
        self.notes.login(accepted);
        Ok(if accepted { Auth::Accept } else { Auth::reject() })
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
            EXIT => std::process::exit(0),
            FORGET => session.close(channel),
            TEAR_DOWN => {
                self.run(channel, &["-c", "cat; exit 0"], Endpoint::process_exited, true, session)?;
                // Said before it is closed: no status counts after that, since nobody delivers it.
                self.notes.say(self.notes.end.ended(Why::Unknown, Side::Local));
                self.running.remove(&channel);
                session.close(channel)
            }
            LINGER => self.run(channel, &["-c", "exit 0"], Endpoint::process_exited, false, session),
            command => {
                let script = format!("ulimit -c 0; {command}");
                self.run(channel, &["-c", &script], Endpoint::process_exited, true, session)
            }
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut server::Session) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        self.run(channel, &[], Endpoint::shell_exited, true, session)
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
            self.notes.say(self.notes.end.closed_by_peer());
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.notes.over();
    }
}

impl Service {
    fn run(
        &mut self,
        channel: ChannelId,
        arguments: &[&str],
        exited: Exited,
        closes: bool,
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
        self.running.insert(channel, Running { process, stdin: child.stdin.take(), interrupted: interrupted.clone() });
        let (handle, notes) = (session.handle(), self.notes.clone());
        tokio::spawn(async move {
            attend_command(child, channel, &handle, &notes, &interrupted, exited).await?;
            if closes {
                handle.eof(channel).await.ok()?;
                handle.close(channel).await.ok()?;
            }
            Some(())
        });
        Ok(())
    }
}

/// Hands the command's output on, and its status, which is said before the channel is closed.
async fn attend_command(
    mut child: Child,
    channel: ChannelId,
    handle: &server::Handle,
    notes: &Notes,
    interrupted: &AtomicBool,
    exited: Exited,
) -> Option<()> {
    let mut stdout = child.stdout.take()?;
    let mut buffer = vec![0; 1024];
    while let Ok(length @ 1..) = stdout.read(&mut buffer).await {
        handle.data(channel, buffer[..length].to_vec()).await.ok()?;
    }
    let status = child.wait().await.ok()?;
    // The signal alone does not tell a Ctrl-C from a `kill`: who passed the key on knows.
    if status.signal() == Some(2) && interrupted.load(Ordering::SeqCst) {
        notes.say(notes.end.closed_by_peer().with_code(Code::signal(2)));
    } else {
        notes.say(exited(notes.end, status));
    }
    if let Some(code) = status.code() {
        handle.exit_status_request(channel, code.unsigned_abs()).await.ok()
    } else {
        let signal = signals::name(status.signal()?);
        handle.exit_signal_request(channel, signal, false, String::new(), String::new()).await.ok()
    }
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

/// A connection that the agent serves.
pub(super) type Served = russh_server::Served<Service>;

/// Begins to serve a connection.
pub(super) async fn serve<S>(config: server::Config, stream: S, end: Endpoint) -> Result<Served, Disconnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    russh_server::serve(config, stream, end, |notes| Service { notes, running: HashMap::new() }).await
}
