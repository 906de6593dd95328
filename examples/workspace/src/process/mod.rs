//! Processes that this one starts: what they write, how they are asked to stop, how they end.

mod line;
mod output;
mod typist;

use std::error::Error;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::sys::wait::{self, WaitPidFlag};
use nix::unistd::{Pid, mkfifo};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::line::Line;
pub(crate) use self::output::Output;
pub(crate) use self::typist::Typist;

/// What goes wrong around a process.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// One of the processes that were started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u32);

/// What a process logs.
#[derive(Debug)]
pub(crate) enum Said {
    Line(Id, Line),
    /// It has ended, and this was all.
    End(Id),
}

/// A process that runs until it ends, or until this value is dropped.
pub(crate) struct Process {
    id: Id,
    pid: Pid,
    status: watch::Receiver<Option<ExitStatus>>,
    /// Kept open: the end of its input is something that has to be done on purpose.
    pub(crate) stdin: Option<ChildStdin>,
    /// What it writes for its user, where the lines go elsewhere.
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    /// It owns the child, and kills it when it is dropped.
    _waiting: AbortOnDropHandle<()>,
}

/// This program in another role.
pub(crate) fn workspace<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

/// A named pipe for the lines of a client, whose standard output is its user's.
pub(crate) struct Pipe {
    file: Fifo,
    receiver: pipe::Receiver,
    /// As long as this is open there is no end of file. The process opens the pipe later.
    sender: pipe::Sender,
}

impl Pipe {
    pub(crate) fn new(path: PathBuf) -> io::Result<Self> {
        mkfifo(&path, Mode::S_IRWXU)?;
        let file = Fifo(path);
        let receiver = pipe::OpenOptions::new().open_receiver(&file.0)?;
        let sender = pipe::OpenOptions::new().open_sender(&file.0)?;
        Ok(Self { file, receiver, sender })
    }

    /// What to give to `--log`.
    pub(crate) fn path(&self) -> &Path {
        &self.file.0
    }
}

/// A file that goes with this value.
struct Fifo(PathBuf);

impl Drop for Fifo {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for temporary files.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Process {
    /// Starts a process that logs on its standard output (`--json`).
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn service(name: &'static str, command: Command, to: &mpsc::UnboundedSender<Said>) -> io::Result<Self> {
        let mut child = spawn(command)?;
        let id = next_id();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read(id, name, stdout, to.clone()));
        }
        Ok(Self::of(id, child, None))
    }

    /// Starts a process that logs into a pipe (`--log`).
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn client(
        name: &'static str,
        command: Command,
        pipe: Pipe,
        to: &mpsc::UnboundedSender<Said>,
    ) -> io::Result<Self> {
        let child = spawn(command)?;
        let id = next_id();
        tokio::spawn(read(id, name, pipe.receiver, to.clone()));
        Ok(Self::of(id, child, Some((pipe.sender, pipe.file))))
    }

    /// Starts a process that does not log.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn tool(command: Command) -> io::Result<Self> {
        Ok(Self::of(next_id(), spawn(command)?, None))
    }

    fn of(id: Id, mut child: Child, open: Option<(pipe::Sender, Fifo)>) -> Self {
        let (ended, status) = watch::channel(None);
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        Self {
            id,
            pid: Pid::from_raw(pid),
            status,
            stdin: child.stdin.take(),
            stdout: Output::collect(child.stdout.take()),
            stderr: Output::collect(child.stderr.take()),
            _waiting: AbortOnDropHandle::new(tokio::spawn(async move {
                if let Ok(status) = child.wait().await {
                    ended.send_replace(Some(status));
                }
                drop(open);
            })),
        }
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.status.borrow().is_some()
    }

    /// Sends a signal. A process that has ended is not there to get it.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        // Until its status is known nobody else can have its number.
        if self.has_ended() || self.pid.as_raw() == 0 {
            return Ok(());
        }
        Ok(kill(self.pid, signal)?)
    }

    /// SIGSTOP, and waits until it has stopped: it may run on for a while.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub(crate) async fn freeze(&self) -> Result<(), Failure> {
        self.signal(Signal::SIGSTOP)?;
        let id = wait::Id::Pid(self.pid);
        // Only looks: whoever waits for its end still gets it.
        spawn_blocking(move || wait::waitid(id, WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)).await??;
        Ok(())
    }

    /// Waits for its end. It may be dropped and called again.
    ///
    /// # Errors
    ///
    /// The status cannot be had.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, Failure> {
        let status = self.status.wait_for(Option::is_some).await?;
        Ok((*status).ok_or("the process has no status")?)
    }
}

/// Now, and not once the task that waits for it is gone: this process may be about to end.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.signal(Signal::SIGKILL);
    }
}

fn next_id() -> Id {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Id(NEXT.fetch_add(1, Ordering::Relaxed))
}

fn spawn(mut command: Command) -> io::Result<Child> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
}

/// Hands every line on, until there are no more.
async fn read(id: Id, name: &'static str, from: impl AsyncRead + Unpin, to: mpsc::UnboundedSender<Said>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // A line that was cut by a `kill -9` is still looked at.
    while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
        // Who no longer listens has no use for lines.
        let _ = to.send(Said::Line(id, Line::parse(name, &line)));
        line.clear();
    }
    let _ = to.send(Said::End(id));
}
