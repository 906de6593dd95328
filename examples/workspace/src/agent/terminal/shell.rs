//! The terminal itself: a login shell, whoever is attached.

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

/// How much of the last output a client that comes back is shown.
const REMEMBERED: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;

/// Runs a shell for the first that arrivals and for those after it, until the shell has ended, and writes its line.
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
            // No terminal came up, and the connection ends by that.
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
            // It is the end of whoever is attached as well.
            () = run.closing.cancelled() => {
                // Whoever comes with the next run gets a new terminal.
                drop(arrivals);
                hang_up(&mut shell.child).await;
                Ok(ended.so_far())
            }
        }
    });
    // Its line is written, whatever it says.
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
    /// The last of the output.
    memory: VecDeque<u8>,
    /// What of it the client has not got as yet.
    unseen: Vec<u8>,
    attached: Option<Attached>,
}

impl Shell {
    /// The newest connection has the terminal.
    fn attach(&mut self, attached: Attached) {
        if let Some(older) = self.attached.take() {
            older.ended.set(AGENT_FACING_CLIENT.closed_locally().with_cause(DisconnectCause::Replaced));
            older.replaced.cancel();
        }
        info!(terminal_id = self.terminal_id, "terminal attached");
        self.unseen = self.memory.iter().copied().collect();
        self.attached = Some(attached);
    }

    /// Moves bytes until the shell has ended: returns how.
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
                    // The client has left. The shell goes on.
                    None => self.detach(),
                },
                written = keyboard.write(&typed), if !typed.is_empty() => match written {
                    Ok(length) => drop(typed.drain(..length)),
                    Err(_) => typed.clear(),
                },
                read = self.screen.read(&mut buffer), if is_on && self.unseen.is_empty() => match read {
                    Ok(length @ 1..) => self.remember(&buffer[..length]),
                    // The end of a screen tells nothing about the shell.
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

    /// Sends what the client has not got. There is room for it.
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

    /// Shows the client the rest, and lets it go, as those who have just come: a shell that ended as it should is a
    /// normal end for them too.
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

/// What the client sends, while there is one.
async fn next(input: Option<&mut mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match input {
        Some(input) => input.recv().await,
        None => pending().await,
    }
}

/// Until there is room for more output, while there is a client that takes it, or until that has left.
async fn room(output: Option<&mpsc::Sender<Vec<u8>>>) {
    match output {
        Some(output) => drop(output.reserve().await),
        None => pending().await,
    }
}
