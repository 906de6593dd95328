//! A process under a pseudo-terminal, which is read and written without a thread.

use std::io;
use std::os::fd::AsFd;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use filedescriptor::FileDescriptor;
use nix::libc::{ISIG, VINTR, VQUIT};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{self, Pid};
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};
use tokio::time::timeout;

use crate::token::VARIABLE;

/// A process that leads a session of its own, and the terminal that it has.
pub(crate) struct Terminal {
    pub(crate) child: Child,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Runs a command: returns with it what it shows, and what it is typed to it.
    ///
    /// The end of a screen is an error, however the process ended: its status tells. A keyboard has no half-close: when it
    /// is dropped, the process sees no end of its input.
    ///
    /// # Errors
    ///
    /// There is no terminal, or no such command.
    pub(crate) fn open(mut command: CommandBuilder, size: PtySize) -> io::Result<(Self, Receiver, Sender)> {
        command.env_remove(VARIABLE);
        // Before the process can exit.
        let exits = signal(SignalKind::child())?;
        let pair = native_pty_system().openpty(size).map_err(io::Error::other)?;
        let raw = pair.master.as_raw_fd().ok_or_else(|| io::Error::other("a terminal without a descriptor"))?;
        let mut master = FileDescriptor::dup(&raw).map_err(io::Error::other)?;
        master.set_non_blocking(true).map_err(io::Error::other)?;
        let file = || master.as_file().map_err(io::Error::other);
        // tokio calls it a pipe: a descriptor that is readable or writable, and cannot seek.
        let (screen, keyboard) = (Receiver::from_file_unchecked(file()?)?, Sender::from_file_unchecked(file()?)?);

        // portable-pty's own status is "1" and the name of a signal in words. The child that it wraps knows the number.
        let child: Box<dyn portable_pty::Child> = pair.slave.spawn_command(command).map_err(io::Error::other)?;
        let process = *child.downcast().map_err(|_| io::Error::other("not a process of this system"))?;
        Ok((Self { child: Child { process, exits }, master: pair.master }, screen, keyboard))
    }

    /// The window has another size now. A terminal that is gone has none.
    pub(crate) fn resize(&self, size: PtySize) {
        let _ = self.master.resize(size);
    }

    /// What the terminal makes of the last of these keys, if that is a signal: a status alone does not tell the user's
    /// Ctrl-C from anybody's `kill -INT`.
    pub(crate) fn signal(&self, keys: &[u8]) -> Option<Signal> {
        let (key, modes) = (keys.last()?, self.master.get_termios()?);
        let makes_signals = modes.local_flags.bits() & ISIG != 0;
        let is = |index| modes.control_chars.get(index) == Some(key);
        match makes_signals {
            true if is(VINTR) => Some(Signal::SIGINT),
            true if is(VQUIT) => Some(Signal::SIGQUIT),
            _ => None,
        }
    }
}

/// What a screen shows at this moment: once the process has ended, all the rest of what it wrote.
pub(crate) fn read_rest(screen: &Receiver, buffer: &mut [u8]) -> usize {
    unistd::read(screen.as_fd(), buffer).unwrap_or(0)
}

/// The size of a window, in characters.
pub(crate) fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, ..PtySize::default() }
}

/// The process under a terminal.
pub(crate) struct Child {
    process: std::process::Child,
    exits: Arrivals,
}

impl Child {
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the process has ended, whoever still has its terminal open. It may be dropped and called again.
    ///
    /// # Errors
    ///
    /// Somebody else has waited for it.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            self.exits.recv().await;
        }
    }
}

/// Nobody waits for it any more.
impl Drop for Child {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            signal_group(self.id(), Signal::SIGKILL);
        }
    }
}

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Ends a process that leads a group, with its group: by SIGHUP, so that it can save what it has, and by SIGKILL where it
/// does not end for that. `ended` waits for it.
///
/// The jobs of a shell under a terminal are groups of their own. They get a SIGHUP once the shell is gone.
pub(crate) async fn hang_up<T>(leader: Option<u32>, ended: impl Future<Output = T>) {
    let mut ended = pin!(ended);
    if let Some(leader) = leader {
        // One that is stopped gets no other signal.
        signal_group(leader, Signal::SIGHUP);
        signal_group(leader, Signal::SIGCONT);
        if timeout(GRACE, &mut ended).await.is_ok() {
            return;
        }
        signal_group(leader, Signal::SIGKILL);
    }
    ended.await;
}

/// Not for a process that was waited for: its number may be another's.
fn signal_group(leader: u32, signal: Signal) {
    if let Ok(leader) = i32::try_from(leader) {
        let _ = killpg(Pid::from_raw(leader), signal);
    }
}
