//! A process under its own terminal, and a user who types.

use std::io::{self, Read, Write};

use crate::process::{Failure, Id, Output, Pipe, Said};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

/// A user at a terminal.
pub(crate) struct Typist {
    /// The name and number that mark its lines, if it has lines.
    id: Option<Id>,
    pid: Pid,
    keyboard: Box<dyn Write + Send>,
    pub(crate) screen: Output,
    status: watch::Receiver<Option<u32>>,
    /// The terminal goes with it.
    _master: Box<dyn MasterPty + Send>,
}

impl Typist {
    /// Starts a command under a terminal. Its lines, if any, come through a pipe.
    ///
    /// # Errors
    ///
    /// The command cannot be started.
    pub(crate) fn start(
        name: &'static str,
        command: CommandBuilder,
        pipe: Option<Pipe>,
        to: &mpsc::UnboundedSender<Said>,
    ) -> Result<Self, Failure> {
        let pty = native_pty_system().openpty(PtySize::default())?;
        let mut child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let (id, open) = pipe.map(|pipe| pipe.read(name, to)).unzip();
        let pid = child.process_id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        let (ended, status) = watch::channel(None);
        spawn_blocking(move || {
            let status = child.wait().map_or(u32::MAX, |status| status.exit_code());
            ended.send_replace(Some(status));
            drop(open);
        });
        Ok(Self {
            id,
            pid: Pid::from_raw(pid),
            keyboard: pty.master.take_writer()?,
            screen: read(pty.master.try_clone_reader()?),
            status,
            _master: pty.master,
        })
    }

    pub(crate) fn id(&self) -> Option<Id> {
        self.id
    }

    /// Types these keys.
    ///
    /// # Errors
    ///
    /// The terminal is closed.
    pub(crate) fn press(&mut self, keys: &str) -> io::Result<()> {
        self.keyboard.write_all(keys.as_bytes())
    }

    /// Waits for the end, and returns the exit status.
    ///
    /// # Errors
    ///
    /// The status is not available.
    pub(crate) async fn ended(&mut self) -> Result<u32, Failure> {
        let status = self.status.wait_for(Option::is_some).await?;
        Ok((*status).ok_or("the process has no status")?)
    }
}

impl Drop for Typist {
    fn drop(&mut self) {
        if self.status.borrow().is_none() && self.pid.as_raw() != 0 {
            // The process id is still valid, because the status has not been read.
            let _ = nix::sys::signal::kill(self.pid, Signal::SIGKILL);
        }
    }
}

/// Reads a terminal, which needs a thread.
fn read(mut from: impl Read + Send + 'static) -> Output {
    let (sender, text) = watch::channel(String::new());
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        // After the last process has closed the terminal, reading returns an error.
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            sender.send_modify(|text| text.push_str(&String::from_utf8_lossy(&buffer[..length])));
        }
    });
    Output::new(text)
}
