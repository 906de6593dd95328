//! Processes of std and tokio: who ended a command or a shell: itself, the client's keys, a deadline, or somebody's kill.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectCause, DisconnectReason, Endpoint};

const SIGINT: i32 = 2;
const SIGQUIT: i32 = 3;

/// What both sides of a session know, and the status of its process does not say.
#[derive(Clone, Copy, Default)]
pub struct Session {
    /// It runs an interactive shell, which passes on the status of its last command.
    pub is_shell: bool,
    /// The signal that the last key stood for. A status does not tell the client's Ctrl-C from anybody's `kill -INT`.
    pub key_signal: Option<i32>,
}

impl Session {
    /// Keys that this side sent to the terminal, or passed on.
    pub fn pressed(&mut self, keys: &str) {
        self.key_signal = match keys.chars().last() {
            Some('\u{3}') => Some(SIGINT),
            Some('\u{1c}') => Some(SIGQUIT),
            Some(_) => None,
            None => self.key_signal,
        };
    }

    /// The end on the side that ran the process.
    pub fn exited(self, end: Endpoint, status: ExitStatus) -> Disconnect {
        match status.signal() {
            Some(signal) if self.key_signal == Some(signal) => end.closed_by_peer(),
            _ if self.is_shell => end.shell_exited(status),
            _ => end.process_exited(status),
        }
    }

    /// The end on the side that is told the status.
    pub fn told(self, end: Endpoint, status: Code) -> Disconnect {
        match self.key_signal {
            Some(signal) if status == Code::signal(signal) => end.closed_locally(),
            _ if self.is_shell => end.remote_shell_exited(status),
            _ => end.received(status),
        }
    }
}

/// A process that did not end in time, stopped perhaps. Said before it is killed: that signal is our own doing.
pub fn overdue(end: Endpoint) -> Disconnect {
    end.ended(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::Deadline)
}
