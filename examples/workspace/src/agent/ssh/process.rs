//! What runs behind a session: a command with pipes, a command under a terminal, or the file transfer of this agent.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use disconnect_core::{Code, DisconnectHandle, Endpoint};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use portable_pty::{CommandBuilder, PtySize};
use russh::Sig;
use russh::server::Msg;
use tokio::io::{AsyncRead, AsyncReadExt, copy, duplex, sink, split};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ends::AGENT_FACING_CLIENT;
use crate::signals;
use crate::token::VARIABLE;

use super::super::exit::killed_by_client;
use super::super::pty::{self, Terminal};
use super::ahead::{Ahead, Returning};
use super::session::{Request, Setup};
use super::sftp::{self, SftpError};

type Outgoing = russh::ChannelWriteHalf<Msg>;

/// Something that runs.
pub(super) struct Job {
    running: Running,
    /// An interactive shell: its status is that of its last command.
    is_shell: bool,
    input: Option<Ahead>,
    output: Option<Output>,
}

enum Running {
    Piped { leader: u32, child: tokio::process::Child },
    Terminal(Terminal),
    Sftp(JoinHandle<Result<(), SftpError>>),
}

/// How it ended.
pub(super) enum Outcome {
    Exited(ExitStatus),
    ShellExited(ExitStatus),
    Transferred(Result<(), SftpError>),
    /// Nobody knows.
    Lost(io::Error),
}

impl Job {
    /// Starts what the client asked for.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(super) fn start(request: &Request, setup: &Setup) -> io::Result<Self> {
        match (request, &setup.terminal) {
            (Request::Sftp, _) => Ok(Self::transfer()),
            (Request::Exec(command), Some((term, size))) => {
                let mut builder = CommandBuilder::new(shell());
                builder.args(["-c", command]);
                Self::under_terminal(builder, setup, term, *size)
            }
            (Request::Shell, Some((term, size))) => {
                let shell = CommandBuilder::new_default_prog();
                Ok(Self { is_shell: true, ..Self::under_terminal(shell, setup, term, *size)? })
            }
            (Request::Exec(command), None) => {
                let mut builder = Command::new(shell());
                builder.args(["-c", command]);
                Self::with_pipes(builder, setup)
            }
            (Request::Shell, None) => {
                let mut builder = Command::new(shell());
                // By this a shell knows that it is a login shell.
                builder.arg0("-shell");
                Self::with_pipes(builder, setup)
            }
        }
    }

    fn with_pipes(mut command: Command, setup: &Setup) -> io::Result<Self> {
        let mut child = command
            .env_remove(VARIABLE)
            .envs(setup.env.iter().cloned())
            .current_dir(home())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        let leader = child.id().ok_or_else(closed)?;
        let input = Ahead::of(child.stdin.take().ok_or_else(closed)?);
        let (output, errors) = (child.stdout.take().ok_or_else(closed)?, child.stderr.take().ok_or_else(closed)?);
        let output = Output::Pipes(Box::new(output), Box::new(errors));
        Ok(Self::new(Running::Piped { leader, child }, input, output))
    }

    fn under_terminal(mut command: CommandBuilder, setup: &Setup, term: &str, size: PtySize) -> io::Result<Self> {
        setup.env.iter().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", term);
        let (terminal, screen, keyboard) = Terminal::open(command, size)?;
        let (input, output) = (Ahead::of(keyboard), Output::Screen(screen));
        Ok(Self::new(Running::Terminal(terminal), input, output))
    }

    fn transfer() -> Self {
        let (near, far) = duplex(64 * 1024);
        let (output, input) = split(near);
        let running = Running::Sftp(tokio::spawn(sftp::serve(far, home())));
        let output = Output::Pipes(Box::new(output), Box::new(tokio::io::empty()));
        Self::new(running, Ahead::of(input), output)
    }

    fn new(running: Running, input: Ahead, output: Output) -> Self {
        Self { running, is_shell: false, input: Some(input), output: Some(output) }
    }

    /// The number of the process, if it is one.
    pub(super) fn pid(&self) -> Option<u32> {
        match &self.running {
            Running::Piped { leader, .. } => Some(*leader),
            Running::Terminal(terminal) => Some(terminal.child.id()),
            Running::Sftp(_) => None,
        }
    }

    /// What it reads and what it writes. There is one of each.
    pub(super) fn streams(&mut self) -> Option<(Ahead, Output)> {
        self.input.take().zip(self.output.take())
    }

    /// Waits until it has ended. It may be dropped and called again.
    pub(super) async fn wait(&mut self) -> Outcome {
        let status = match &mut self.running {
            Running::Piped { child, .. } => child.wait().await,
            Running::Terminal(terminal) => terminal.child.wait().await,
            Running::Sftp(task) => match task.await {
                Ok(result) => return Outcome::Transferred(result),
                Err(error) => Err(error.into()),
            },
        };
        status.map_or_else(Outcome::Lost, if self.is_shell { Outcome::ShellExited } else { Outcome::Exited })
    }

    /// Passes on a signal that the client sends by its name; returns it where somebody is there to get it.
    pub(super) fn signal(&self, name: &Sig) -> Option<Signal> {
        let signal = signals::named(name)?;
        let leader = i32::try_from(self.pid()?).ok()?;
        killpg(Pid::from_raw(leader), signal).ok().map(|()| signal)
    }

    /// The signal that the last of these keys stands for.
    pub(super) fn signal_by_key(&self, keys: &[u8]) -> Option<Signal> {
        match &self.running {
            Running::Terminal(terminal) => terminal.signal(keys),
            Running::Piped { .. } | Running::Sftp(_) => None,
        }
    }

    pub(super) fn resize(&self, size: PtySize) {
        if let Running::Terminal(terminal) = &self.running {
            terminal.resize(size);
        }
    }

    /// Ends it: whoever it ran for is gone. Not for one that has ended.
    pub(super) async fn kill(&mut self) {
        if let Running::Sftp(task) = &self.running {
            task.abort();
        }
        let leader = self.pid();
        pty::hang_up(leader, self.wait()).await;
    }
}

impl Outcome {
    /// Says how its session ended by that. `asked` is the signal that the client asked for last.
    pub(super) fn tell(&self, ended: &DisconnectHandle, asked: Option<Signal>) {
        const END: Endpoint = AGENT_FACING_CLIENT;
        let _ = match self {
            Self::Exited(status) => {
                ended.set(killed_by_client(*status, asked).unwrap_or_else(|| END.process_exited(*status)))
            }
            Self::ShellExited(status) => {
                ended.set(killed_by_client(*status, asked).unwrap_or_else(|| END.shell_exited(*status)))
            }
            Self::Transferred(Ok(())) => ended.set(END.sent(Code::exit(0))),
            Self::Transferred(Err(error)) => ended.failed(error),
            Self::Lost(error) => ended.failed(error),
        };
    }

    /// The exit status that the client is told, or the signal.
    pub(super) fn status(&self) -> Result<u32, Signal> {
        match self {
            Self::Exited(status) | Self::ShellExited(status) => match status.signal().map(Signal::try_from) {
                Some(Ok(signal)) => Err(signal),
                _ => Ok(status.code().map_or(1, i32::unsigned_abs)),
            },
            Self::Transferred(Ok(())) => Ok(0),
            Self::Transferred(Err(_)) | Self::Lost(_) => Ok(1),
        }
    }
}

/// What a job writes.
pub(super) enum Output {
    Pipes(Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncRead + Send + Unpin>),
    Screen(Receiver),
}

/// RFC 4254, section 5.2.
pub(super) const STDERR: u32 = 1;

impl Output {
    /// Sends all of it to the client. A pipe is read to its end, also where that comes long after the command's; a
    /// terminal up to the end of its process, since jobs that it left behind may have it open for ever.
    pub(super) async fn send(self, outgoing: &Outgoing, returning: &Returning, exited: &CancellationToken) {
        match self {
            Self::Pipes(output, errors) => {
                tokio::join!(send(output, outgoing, None, returning), send(errors, outgoing, Some(STDERR), returning));
            }
            Self::Screen(mut screen) => {
                tokio::select! {
                    () = send(&mut screen, outgoing, None, returning) => return,
                    () = exited.cancelled() => {}
                }
                let mut buffer = vec![0; CHUNK];
                while let length @ 1.. = pty::read_rest(&screen, &mut buffer)
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
    } // Nobody is there to get it.
    let _ = copy(&mut from, &mut sink()).await;
}

/// The user's shell.
fn shell() -> String {
    CommandBuilder::new_default_prog().get_shell()
}

/// Where the user's files are.
fn home() -> std::path::PathBuf {
    std::env::home_dir().unwrap_or_else(|| "/".into())
}
