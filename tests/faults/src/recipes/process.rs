//! Processes of std and tokio: who ended a command or a shell: itself, the client's keys, a deadline, or a kill from
//! outside.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectCause, DisconnectReason, Endpoint};

const SIGINT: i32 = 2;
const SIGQUIT: i32 = 3;

/// Facts that both sides of a session know and that the exit status does not contain.
#[derive(Clone, Copy, Default)]
pub struct Session {
    /// Whether it runs an interactive shell, which exits with the status of its last command.
    pub is_shell: bool,
    /// The signal of the last key. An exit status does not distinguish the client's Ctrl-C from `kill -INT`.
    pub key_signal: Option<i32>,
}

impl Session {
    /// Records keys that this side sent or forwarded to the terminal.
    pub fn pressed(&mut self, keys: &str) {
        self.key_signal = match keys.chars().last() {
            Some('\u{3}') => Some(SIGINT),
            Some('\u{1c}') => Some(SIGQUIT),
            Some(_) => None,
            None => self.key_signal,
        };
    }

    /// The end at the side that ran the process.
    pub fn exited(self, end: Endpoint, status: ExitStatus) -> Disconnect {
        match status.signal() {
            Some(signal) if self.key_signal == Some(signal) => end.closed_by_peer(),
            _ if self.is_shell => end.shell_exited(status),
            _ => end.process_exited(status),
        }
    }

    /// The end at the side that receives the status.
    pub fn told(self, end: Endpoint, status: Code) -> Disconnect {
        match self.key_signal {
            Some(signal) if status == Code::signal(signal) => end.closed_locally(),
            _ if self.is_shell => end.remote_shell_exited(status),
            _ => end.received(status),
        }
    }
}

/// The end for a process that did not exit in time, for example because it is stopped. Record it before killing the
/// process, because that signal is by this side.
pub fn overdue(end: Endpoint) -> Disconnect {
    end.ended(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::Deadline)
}
