//! An agent that serves SSH like a real service: it runs commands in a shell and records how sessions end.

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

/// The user whose login is refused.
pub(super) const STRANGER: &str = "stranger";
/// A command whose handler panics.
pub(super) const PANIC: &str = "panic";
/// A command whose task ends without a status.
pub(super) const FORGET: &str = "forget";
/// A command whose channel is closed while it runs. It succeeds later.
pub(super) const TEAR_DOWN: &str = "tear down";
/// A command that succeeds; the agent then keeps its channel open.
pub(super) const LINGER: &str = "linger";
/// A command that makes the agent's process exit.
pub(super) const EXIT: &str = "exit";

/// The agent's handler of one connection.
pub(super) struct Service {
    notes: Notes,
    running: HashMap<ChannelId, Running>,
}

/// The meaning of an exit status, for a command or a shell.
type Exited = fn(Endpoint, ExitStatus) -> Disconnect;

/// A command that runs behind a channel.
struct Running {
    process: u32,
    stdin: Option<ChildStdin>,
    /// Whether the client's Ctrl-C was forwarded.
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
            // A panic without its message on the terminal.
            PANIC => std::panic::resume_unwind(Box::new("injected")),
            EXIT => std::process::exit(0),
            FORGET => session.close(channel),
            TEAR_DOWN => {
                self.run(channel, &["-c", "cat; exit 0"], Endpoint::process_exited, true, session)?;
                // Recorded before the close. After it no status is delivered, so none counts.
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
            // A command that does not read its input is no fault of the connection.
            drop(stdin.write_all(data).await);
        }
        Ok(())
    }

    /// The end of the client's input. The command and the connection continue.
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

    /// The client's goodbye to its session, which outranks later events of the connection. An answer to a close of this
    /// side does not count.
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

/// Forwards the output of the command, and its status, which is recorded before the channel is closed.
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
    // The signal does not distinguish Ctrl-C from `kill`, but this side knows that it forwarded the key.
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

/// An agent's configuration with a host key.
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

/// Starts to serve a connection.
pub(super) async fn serve<S>(config: server::Config, stream: S, end: Endpoint) -> Result<Served, Disconnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    russh_server::serve(config, stream, end, |notes| Service { notes, running: HashMap::new() }).await
}
