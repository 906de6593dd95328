//! The terminal itself: a login shell, whoever is attached.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::Arc;

use disconnect_core::{ConnectionMethod, Disconnect, DisconnectCause, DisconnectGuard, disconnected};
use portable_pty::CommandBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::mpsc;
use tracing::info;

use crate::ends::AGENT_FACING_CLIENT;

use super::super::exit::killed_by_client;
use super::super::pty::{self, Terminal};
use super::super::run::Run;
use super::{Attached, Input};

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
    let mut command = CommandBuilder::new_default_prog();
    command.env("TERM", "xterm-256color");
    let (terminal, screen, keyboard) = match Terminal::open(command, first.size) {
        Ok(opened) => opened,
        Err(error) => {
            // No terminal came up, and the connection ends by that.
            first.ended.failed(&error);
            return;
        }
    };
    info!(terminal_id, pid = terminal.child.id(), "terminal started");
    let guard = guard(terminal_id.clone(), &run);
    let mut shell =
        Shell { terminal_id, terminal, screen, memory: VecDeque::new(), unseen: Vec::new(), attached: None };
    shell.attach(first);
    let ended = guard.handle();
    tokio::select! {
        exited = shell.attend(keyboard, &mut arrivals) => {
            match exited {
                Ok(end) => ended.set(end),
                Err(error) => ended.failed(&error),
            };
            shell.finish(&ended.so_far(), arrivals).await;
        }
        // It is the end of whoever is attached as well.
        () = run.closing.cancelled() => {
            // Whoever comes with the next run gets a new terminal.
            drop(arrivals);
            shell.kill().await;
        }
    }
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
    terminal: Terminal,
    screen: Receiver,
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
        self.terminal.resize(attached.size);
        self.unseen = self.memory.iter().copied().collect();
        self.attached = Some(attached);
    }

    /// Moves bytes until the shell has ended: returns how.
    async fn attend(
        &mut self,
        mut keyboard: Sender,
        arrivals: &mut mpsc::UnboundedReceiver<Attached>,
    ) -> io::Result<Disconnect> {
        let (mut buffer, mut typed, mut asked, mut is_on) = (vec![0; CHUNK], Vec::new(), None, true);
        loop {
            let (output, input) = self.attached.as_mut().map(|to| (&to.output, &mut to.input)).unzip();
            tokio::select! {
                Some(attached) = arrivals.recv() => self.attach(attached),
                input = next(input), if typed.is_empty() => match input {
                    Some(Input::Keys(keys)) => {
                        asked = self.terminal.signal(&keys);
                        typed = keys;
                    }
                    Some(Input::Size(size)) => self.terminal.resize(size),
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
                status = self.terminal.child.wait() => {
                    let status = status?;
                    let end = killed_by_client(status, asked);
                    return Ok(end.unwrap_or_else(|| AGENT_FACING_CLIENT.shell_exited(status)));
                }
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
            while let length @ 1.. = pty::read_rest(&self.screen, &mut buffer) {
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

    async fn kill(mut self) {
        let leader = self.terminal.child.id();
        pty::hang_up(Some(leader), self.terminal.child.wait()).await;
    }
}

/// What the client sends, while there is one.
async fn next(input: Option<&mut mpsc::Receiver<Input>>) -> Option<Input> {
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
