//! Processes: how they start under a terminal, how they are stopped, and how their exit becomes an end reason.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::{Code, Disconnect};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use pty_process::{OwnedReadPty, OwnedWritePty};
use rustix::termios::{LocalModes, SpecialCodeIndex, Winsize, tcgetattr, tcsetwinsize};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::ends::AGENT_FACING_CLIENT;
use crate::token::VARIABLE;

/// The user's shell in the home folder. Its environment does not contain the token.
pub(super) fn shell() -> Command {
    let mut shell = Command::new(std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into()));
    at_home(&mut shell);
    shell
}

/// The same as a login shell. The leading dash of its name makes it one.
pub(super) fn login_shell() -> Command {
    let mut shell = shell();
    shell.arg0("-shell");
    shell
}

/// Runs a program in the user's home folder, without the token in its environment.
pub(super) fn at_home(command: &mut Command) {
    let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
    command.current_dir(home).env_remove(VARIABLE).kill_on_drop(true);
}

/// The terminal of a process.
#[derive(Clone)]
pub(super) struct Terminal(Arc<OwnedFd>);

/// A process under a terminal, with its output and its input.
///
/// Reading the terminal returns an error for every end of the process; only the status has the reason. A terminal has
/// no half-close: dropping the input does not send an end of file to the process.
pub(super) type UnderTerminal = (Child, Terminal, OwnedReadPty, OwnedWritePty);

impl Terminal {
    /// Starts a process under a new terminal.
    ///
    /// # Errors
    ///
    /// No terminal is available, or the program does not exist.
    pub(super) fn start(command: Command, size: Winsize) -> io::Result<UnderTerminal> {
        let (pty, tty) = pty_process::open().map_err(io::Error::other)?;
        let terminal = Self(Arc::new(pty.as_fd().try_clone_to_owned()?));
        terminal.resize(size);
        let child = pty_process::Command::from(command).spawn(tty).map_err(io::Error::other)?;
        let (screen, keyboard) = pty.into_split();
        Ok((child, terminal, screen, keyboard))
    }

    /// Sets a new window size. Has no effect if the terminal is already closed.
    pub(super) fn resize(&self, size: Winsize) {
        let _ = tcsetwinsize(&*self.0, size);
    }

    /// Returns the signal that the terminal generates for the last of these keys. The exit status does not
    /// distinguish the user's Ctrl-C from a `kill -INT`.
    pub(super) fn signal(&self, keys: &[u8]) -> Option<Signal> {
        let (key, modes) = (*keys.last()?, tcgetattr(&*self.0).ok()?);
        let is = |index| modes.special_codes[index] == key;
        match modes.local_modes.contains(LocalModes::ISIG) {
            true if is(SpecialCodeIndex::VINTR) => Some(Signal::SIGINT),
            true if is(SpecialCodeIndex::VQUIT) => Some(Signal::SIGQUIT),
            _ => None,
        }
    }

    /// Returns the output that is available now. After the process has ended, that is all remaining output.
    pub(super) fn read_rest(&self, buffer: &mut [u8]) -> usize {
        rustix::io::read(&*self.0, buffer).unwrap_or(0)
    }
}

/// The size of a window, in characters.
pub(super) fn size(cols: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 }
}

/// The end of a session by its process. `asked` is the last signal that the client requested, by a key or by name,
/// because the exit status does not distinguish Ctrl-C from a `kill -INT`. A shell exits with the status of its last
/// command, so any such status means that the user left.
pub(super) fn exited(status: ExitStatus, asked: Option<Signal>, is_shell: bool) -> Disconnect {
    match status.signal() {
        Some(number) if asked.is_some_and(|asked| number == asked as i32) => {
            AGENT_FACING_CLIENT.closed_by_peer().with_code(Code::signal(number))
        }
        _ if is_shell => AGENT_FACING_CLIENT.shell_exited(status),
        _ => AGENT_FACING_CLIENT.process_exited(status),
    }
}

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Stops a process and its process group: first with SIGHUP, so that the process can save its state, and then with
/// SIGKILL.
///
/// The jobs of a shell under a terminal have their own process groups. They receive a SIGHUP when the shell exits.
pub(super) async fn hang_up(child: &mut Child) {
    // A stopped process handles no other signal before SIGCONT.
    let _ = (signal_group(child, Signal::SIGHUP), signal_group(child, Signal::SIGCONT));
    if timeout(GRACE, pin!(child.wait())).await.is_err() {
        let _ = signal_group(child, Signal::SIGKILL);
        let _ = child.wait().await;
    }
}

/// Returns the signal if the process still exists. After `wait`, its process id may belong to another process.
pub(super) fn signal_group(child: &Child, signal: Signal) -> Option<Signal> {
    let leader = i32::try_from(child.id()?).ok()?;
    killpg(Pid::from_raw(leader), signal).ok().map(|()| signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_the_clients_where_it_asked_for_it() {
        let interrupted = ExitStatus::from_raw(Signal::SIGINT as i32);
        let ends = [None, Some(Signal::SIGQUIT), Some(Signal::SIGINT)].map(|asked| exited(interrupted, asked, false));
        assert_eq!(ends.map(|end| end.reason().as_str()), ["unknown", "unknown", "client_closed"]);
    }
}
