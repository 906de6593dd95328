//! Processes that this one starts: what they write, how they are asked to stop, how they end.

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

/// What goes wrong around a process.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// One of the processes that were started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub(crate) u32);

/// What a process logs.
#[derive(Debug)]
pub(crate) enum Said {
    /// One line.
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
    /// What it writes to standard error.
    pub(crate) stderr: Output,
    /// It owns the child, and kills it when it is dropped.
    _waiting: AbortOnDropHandle<()>,
}

/// A named pipe for the lines of a client, whose standard output is its user's.
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

    /// What to give to `--log`.
    pub(crate) fn path(&self) -> &Path {
        &self.open.file.0
    }

    /// Hands every line on until the process has closed the pipe and the [`OpenPipe`] is dropped.
    pub(crate) fn read(self, name: &'static str, to: &mpsc::UnboundedSender<Said>) -> (Id, OpenPipe) {
        let id = next_id();
        tokio::spawn(read(id, name, self.receiver, to.clone()));
        (id, self.open)
    }
}

/// Keeps a [`Pipe`] from its end of file, which would come before the process opens it. Dropped once the process has
/// ended, it removes the file.
pub(crate) struct OpenPipe {
    _sender: pipe::Sender,
    file: Fifo,
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
        let (id, open) = pipe.read(name, to);
        Ok(Self::of(id, child, Some(open)))
    }

    /// Starts a process that does not log.
    ///
    /// # Errors
    ///
    /// It cannot be started.
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

    /// What its lines are marked with.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// Its process id; 0 where it had ended before it could be asked for.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    fn has_ended(&self) -> bool {
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
        let _ = to.send(Said::Line(id, Line::parse(name, id.0, &line)));
        line.clear();
    }
    let _ = to.send(Said::End(id));
}
