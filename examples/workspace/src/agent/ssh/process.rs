//! The process behind a session: a command, a shell or a subsystem, with pipes or under a terminal.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use disconnect_core::Disconnect;
use nix::sys::signal::Signal;
use pty_process::OwnedReadPty;
use russh::Sig;
use russh::server::Msg;
use rustix::termios::Winsize;
use tokio::io::{AsyncRead, AsyncReadExt, copy, sink};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use crate::signals;

use super::super::process::{Terminal, at_home, exited, hang_up, login_shell, shell, signal_group};
use super::ahead::{Ahead, Returning};
use super::session::{Request, Setup};

type Outgoing = russh::ChannelWriteHalf<Msg>;

/// A process that runs for a session.
pub(super) struct Job {
    child: Child,
    terminal: Option<Terminal>,
    is_shell: bool,
}

impl Job {
    /// Starts the requested process. Also returns its input and its output.
    ///
    /// # Errors
    ///
    /// The process cannot be started.
    pub(super) fn start(request: &Request, setup: &Setup, sftp: &Path) -> io::Result<(Self, Ahead, Output)> {
        let mut command = match request {
            Request::Exec(text) => {
                let mut command = shell();
                command.args(["-c", text]);
                command
            }
            Request::Shell => login_shell(),
            Request::Sftp => {
                let mut command = Command::new(sftp);
                at_home(&mut command);
                command
            }
        };
        command.envs(setup.env.iter().cloned());
        match &setup.terminal {
            Some((kind, size)) => {
                command.env("TERM", kind);
                let (child, terminal, screen, keyboard) = Terminal::start(command, *size)?;
                let output = Output::Screen(screen, terminal.clone());
                let is_shell = matches!(request, Request::Shell);
                Ok((Self { child, terminal: Some(terminal), is_shell }, Ahead::of(keyboard), output))
            }
            None => Self::with_pipes(command),
        }
    }

    fn with_pipes(mut command: Command) -> io::Result<(Self, Ahead, Output)> {
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        let input = Ahead::of(child.stdin.take().ok_or_else(closed)?);
        let output = Output::Pipes(child.stdout.take().ok_or_else(closed)?, child.stderr.take().ok_or_else(closed)?);
        Ok((Self { child, terminal: None, is_shell: false }, input, output))
    }

    /// The process id, until the process has been waited for.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process has ended. Cancel safe.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// The end of the session. `asked` is the last signal that the client requested.
    pub(super) fn end(&self, status: ExitStatus, asked: Option<Signal>) -> Disconnect {
        exited(status, asked, self.is_shell)
    }

    /// Passes on a signal that the client sends by name. Returns the signal if the process still exists.
    pub(super) fn signal(&self, name: &Sig) -> Option<Signal> {
        signal_group(&self.child, signals::named(name)?)
    }

    /// Returns the signal that the last of these keys generates.
    pub(super) fn signal_by_key(&self, keys: &[u8]) -> Option<Signal> {
        self.terminal.as_ref()?.signal(keys)
    }

    pub(super) fn resize(&self, size: Winsize) {
        self.terminal.as_ref().inspect(|terminal| terminal.resize(size));
    }

    /// Stops the process, because its client has left.
    pub(super) async fn kill(&mut self) {
        hang_up(&mut self.child).await;
    }
}

/// The exit status or the signal for the client.
pub(super) fn status_for_client(status: ExitStatus) -> Result<u32, Signal> {
    match status.signal().map(Signal::try_from) {
        Some(Ok(signal)) => Err(signal),
        _ => Ok(status.code().map_or(1, i32::unsigned_abs)),
    }
}

/// The output of a process.
pub(super) enum Output {
    Pipes(ChildStdout, ChildStderr),
    Screen(OwnedReadPty, Terminal),
}

/// RFC 4254, section 5.2.
pub(super) const STDERR: u32 = 1;

impl Output {
    /// Sends all output to the client. A pipe is read up to its end of file, which may come long after the exit of
    /// the command. A terminal is read only until its process has ended, because background jobs may keep it open.
    pub(super) async fn send(self, outgoing: &Outgoing, returning: &Returning, exited: &CancellationToken) {
        match self {
            Self::Pipes(output, errors) => {
                tokio::join!(send(output, outgoing, None, returning), send(errors, outgoing, Some(STDERR), returning));
            }
            Self::Screen(mut screen, terminal) => {
                tokio::select! {
                    () = send(&mut screen, outgoing, None, returning) => return,
                    () = exited.cancelled() => {}
                }
                let mut buffer = vec![0; CHUNK];
                while let length @ 1.. = terminal.read_rest(&mut buffer)
                    && returning.send(outgoing.data_bytes(buffer[..length].to_vec())).await.is_ok()
                {}
            }
        }
    }
}

const CHUNK: usize = 16 * 1024;

async fn send(mut from: impl AsyncRead + Unpin, outgoing: &Outgoing, kind: Option<u32>, returning: &Returning) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = buffer[..length].to_vec();
        let sent = match kind {
            None => returning.send(outgoing.data_bytes(bytes)).await,
            Some(kind) => returning.send(outgoing.extended_data_bytes(kind, bytes)).await,
        };
        if sent.is_err() {
            break;
        }
    }
    // The process no longer exists.
    let _ = copy(&mut from, &mut sink()).await;
}
