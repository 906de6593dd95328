//! The terminal itself: a login shell that runs independently of its clients.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::Arc;

use disconnect_core::{ConnectionMethod, Disconnect, DisconnectCause, DisconnectGuard, disconnected};
use pty_process::{OwnedReadPty, OwnedWritePty};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::sync::mpsc;
use tracing::info;

use crate::ends::AGENT_FACING_CLIENT;

use super::super::process::{Terminal, exited, hang_up, login_shell, size};
use super::super::run::Run;
use super::Attached;

/// The maximum amount of earlier output that a returning client gets.
const REMEMBERED: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;

/// Runs a shell for the first client and for later ones, until the shell has ended. Then it writes the line.
pub(super) async fn serve(
    terminal_id: String,
    first: Attached,
    mut arrivals: mpsc::UnboundedReceiver<Attached>,
    run: Arc<Run>,
) {
    let mut command = login_shell();
    command.env("TERM", "xterm-256color");
    let (child, terminal, screen, keyboard) = match Terminal::start(command, size(80, 24)) {
        Ok(started) => started,
        Err(error) => {
            // The terminal could not be started, which ends the connection.
            first.ended.failed(&error);
            return;
        }
    };
    info!(terminal_id, pid = child.id(), "terminal started");
    let mut shell = Shell {
        terminal_id: terminal_id.clone(),
        child,
        terminal,
        screen,
        memory: VecDeque::new(),
        unseen: Vec::new(),
        attached: None,
    };
    shell.attach(first);
    let ran = guard(terminal_id, &run).run(async |ended| -> io::Result<_> {
        tokio::select! {
            end = shell.attend(keyboard, &mut arrivals) => {
                let last = match &end {
                    Ok(end) => end.clone(),
                    Err(error) => AGENT_FACING_CLIENT.failed(error),
                };
                ended.set(last.clone());
                shell.finish(&last, arrivals).await;
                end
            }
            // The end of the terminal is also the end of the attached connection.
            () = run.closing.cancelled() => {
                // A client of the next run gets a new terminal.
                drop(arrivals);
                hang_up(&mut shell.child).await;
                Ok(ended.so_far())
            }
        }
    });
    // The error is already in the line.
    let _ = ran.await;
}

fn guard(terminal_id: String, run: &Arc<Run>) -> DisconnectGuard<impl FnOnce(&Disconnect) + use<>> {
    let of_run = run.clone();
    let guard = DisconnectGuard::new(AGENT_FACING_CLIENT, move |end: &Disconnect| {
        disconnected!(end, group(of_run.build(end) => build_id, build_reason, transition),
            terminal_id,
            exit_code = end.exit_code(),
            "reconnecting terminal closed"
        );
    })
    .under(&run.shutdown);
    guard.set_method(ConnectionMethod::Direct);
    guard
}

struct Shell {
    terminal_id: String,
    child: Child,
    terminal: Terminal,
    screen: OwnedReadPty,
    /// The most recent output.
    memory: VecDeque<u8>,
    /// The part of it that the client has not received yet.
    unseen: Vec<u8>,
    attached: Option<Attached>,
}

impl Shell {
    /// The newest connection gets the terminal.
    fn attach(&mut self, attached: Attached) {
        if let Some(older) = self.attached.take() {
            older.ended.set(AGENT_FACING_CLIENT.closed_locally().with_cause(DisconnectCause::Replaced));
            older.replaced.cancel();
        }
        info!(terminal_id = self.terminal_id, "terminal attached");
        self.unseen = self.memory.iter().copied().collect();
        self.attached = Some(attached);
    }

    /// Copies bytes until the shell has ended, and returns its status.
    async fn attend(
        &mut self,
        mut keyboard: OwnedWritePty,
        arrivals: &mut mpsc::UnboundedReceiver<Attached>,
    ) -> io::Result<Disconnect> {
        let (mut buffer, mut typed, mut asked, mut is_on) = (vec![0; CHUNK], Vec::new(), None, true);
        loop {
            let (output, input) = self.attached.as_mut().map(|to| (&to.output, &mut to.input)).unzip();
            tokio::select! {
                Some(attached) = arrivals.recv() => self.attach(attached),
                input = next(input), if typed.is_empty() => match input {
                    Some(keys) => {
                        asked = self.terminal.signal(&keys);
                        typed = keys;
                    }
                    // The client has left. The shell continues.
                    None => self.detach(),
                },
                written = keyboard.write(&typed), if !typed.is_empty() => match written {
                    Ok(length) => drop(typed.drain(..length)),
                    Err(_) => typed.clear(),
                },
                read = self.screen.read(&mut buffer), if is_on && self.unseen.is_empty() => match read {
                    Ok(length @ 1..) => self.remember(&buffer[..length]),
                    // The end of the terminal's output does not show how the shell ended.
                    _ => is_on = false,
                },
                () = room(output), if !self.unseen.is_empty() => self.show(),
                status = self.child.wait() => return Ok(exited(status?, asked, true)),
            }
        }
    }

    fn detach(&mut self) {
        self.attached = None;
        self.unseen.clear();
    }

    /// Sends the output that the client has not received. The queue has room for it.
    fn show(&mut self) {
        let shown =
            self.attached.as_ref().is_some_and(|to| to.output.try_send(std::mem::take(&mut self.unseen)).is_ok());
        if !shown {
            self.detach();
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.memory.extend(bytes);
        let too_old = self.memory.len().saturating_sub(REMEMBERED);
        self.memory.drain(..too_old);
        if self.attached.is_some() {
            self.unseen.extend(bytes);
        }
    }

    /// Sends the remaining output, and ends the attached connection and those that have just arrived. A clean exit of
    /// the shell is a normal end for them too.
    async fn finish(self, end: &Disconnect, mut arrivals: mpsc::UnboundedReceiver<Attached>) {
        let last = if end.expected() { AGENT_FACING_CLIENT.closed_locally() } else { end.clone() };
        if let Some(attached) = &self.attached {
            let (mut rest, mut buffer) = (self.unseen, vec![0; CHUNK]);
            while let length @ 1.. = self.terminal.read_rest(&mut buffer) {
                rest.extend(&buffer[..length]);
            }
            let _ = attached.output.send(rest).await;
            attached.ended.set(last.clone());
        }
        arrivals.close();
        while let Some(late) = arrivals.recv().await {
            late.ended.set(last.clone());
        }
    }
}

/// Receives the client's input while a client is attached.
async fn next(input: Option<&mut mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match input {
        Some(input) => input.recv().await,
        None => pending().await,
    }
}

/// Waits until there is room for more output while a client receives it, or until the client has left.
async fn room(output: Option<&mpsc::Sender<Vec<u8>>>) {
    match output {
        Some(output) => drop(output.reserve().await),
        None => pending().await,
    }
}
