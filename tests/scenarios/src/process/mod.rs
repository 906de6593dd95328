//! Child processes: their output, their signals and their exit.

mod line;
mod output;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::line::Line;
pub(crate) use self::output::Output;

/// An error around a process.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// One of the processes that were started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub(crate) u32);

/// The output of a process's log.
#[derive(Debug)]
pub(crate) enum Said {
    /// One line.
    Line(Id, Line),
    /// The process has ended, and this was its last line.
    End(Id),
}

/// A process that runs until it ends, or until this value is dropped.
pub(crate) struct Process {
    id: Id,
    pid: Pid,
    status: watch::Receiver<Option<ExitStatus>>,
    /// Kept open, because an end of input has to be sent on purpose.
    pub(crate) stdin: Option<ChildStdin>,
    /// Its standard output for the user, if its lines go elsewhere.
    pub(crate) stdout: Output,
    /// Its standard error.
    pub(crate) stderr: Output,
    /// The task that owns the child, and kills it when it is dropped.
    _waiting: AbortOnDropHandle<()>,
}

/// A named pipe for the lines of a client, whose standard output belongs to its user.
pub(crate) struct Pipe {
    receiver: pipe::Receiver,
    open: OpenPipe,
}

impl Pipe {
    /// Makes a pipe at this path.
    ///
    /// # Errors
    ///
    /// The path cannot be used.
    pub(crate) fn new(path: PathBuf) -> io::Result<Self> {
        mkfifo(&path, Mode::S_IRWXU)?;
        let file = Fifo(path);
        let receiver = pipe::OpenOptions::new().open_receiver(&file.0)?;
        let sender = pipe::OpenOptions::new().open_sender(&file.0)?;
        Ok(Self { receiver, open: OpenPipe { _sender: sender, file } })
    }

    /// The argument of `--log`.
    pub(crate) fn path(&self) -> &Path {
        &self.open.file.0
    }

    /// Passes on every line until the process has closed the pipe and the [`OpenPipe`] is dropped.
    pub(crate) fn read(self, name: &'static str, to: &mpsc::UnboundedSender<Said>) -> (Id, OpenPipe) {
        let id = next_id();
        tokio::spawn(read(id, name, self.receiver, to.clone()));
        (id, self.open)
    }
}

/// Prevents the end of file of a [`Pipe`] before the process opens it. Drop it after the process has ended. It also
/// removes the file.
pub(crate) struct OpenPipe {
    _sender: pipe::Sender,
    file: Fifo,
}

/// A file that is removed when this value is dropped.
struct Fifo(PathBuf);

impl Drop for Fifo {
    fn drop(&mut self) {
        // A file that cannot be removed is in the folder for temporary files.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Process {
    /// Starts a process that logs on its standard output (`--json`).
    ///
    /// # Errors
    ///
    /// The process cannot be started.
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
    /// The process cannot be started.
    pub(crate) fn client(
        name: &'static str,
        command: Command,
        pipe: Pipe,
        to: &mpsc::UnboundedSender<Said>,
    ) -> io::Result<Self> {
        let child = spawn(command)?;
        let (id, open) = pipe.read(name, to);
        Ok(Self::of(id, child, Some(open)))
    }

    /// Starts a process that does not log.
    ///
    /// # Errors
    ///
    /// The process cannot be started.
    pub(crate) fn tool(command: Command) -> io::Result<Self> {
        Ok(Self::of(next_id(), spawn(command)?, None))
    }

    fn of(id: Id, mut child: Child, open: Option<OpenPipe>) -> Self {
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

    /// The name and number that mark its lines.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// Its process id, or 0 if it had ended before.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    fn has_ended(&self) -> bool {
        self.status.borrow().is_some()
    }

    /// Sends a signal. Has no effect on a process that has ended.
    ///
    /// # Errors
    ///
    /// The system call fails.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        // The process id stays reserved until the status is read.
        if self.has_ended() || self.pid.as_raw() == 0 {
            return Ok(());
        }
        Ok(kill(self.pid, signal)?)
    }

    /// Waits until it ends. Cancel safe.
    ///
    /// # Errors
    ///
    /// The status is not available.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, Failure> {
        let status = self.status.wait_for(Option::is_some).await?;
        Ok((*status).ok_or("the process has no status")?)
    }
}

/// Kills the child now, and not when its task is dropped, because this process may be about to exit.
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

/// Passes on every line until the end.
async fn read(id: Id, name: &'static str, from: impl AsyncRead + Unpin, to: mpsc::UnboundedSender<Said>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // Reads a line that a `kill -9` cut, too.
    while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
        // The receiver has stopped listening.
        let _ = to.send(Said::Line(id, Line::parse(name, id.0, &line)));
        line.clear();
    }
    let _ = to.send(Said::End(id));
}
