//! Processes in a terminal: commands typed into a shell, keys, signals from outside.

use std::future::pending;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use disconnect_core::Disconnect;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::task::{block_in_place, spawn_blocking};

use super::{Ended, Session, add, attend, serve};
use crate::loopback::pair;
use crate::matrix::Matrix;
use crate::peers::signal;
use crate::protocols::Outcome;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    typed(matrix).await?;
    keys(matrix).await
}

/// The prompt of the interactive shell.
const READY: &str = "ready";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_BACKSLASH: &str = "\u{1c}";

/// The lines typed into a shell, each after a prompt.
#[rustfmt::skip] // one row per line
const TYPED: [(&str, &[&str]); 8] = [
    ("PTY, a shell is left with `exit 0`", &["exit 0\n"]),
    ("PTY, a shell is left with `exit 1`", &["exit 1\n"]),
    ("PTY, a shell is left with `exit 3`", &["exit 3\n"]),
    ("PTY, a shell is left with Ctrl-D", &[CTRL_D]),
    ("PTY, a shell is left after a command that failed", &["false\n", "exit\n"]),
    ("PTY, a shell is left after Ctrl-C: 130", &[CTRL_C, "exit\n"]),
    ("PTY, a shell passes on 137", &["sh -c 'kill -KILL $$'\n", "exit\n"]),
    ("PTY, a shell kills itself", &["kill -KILL $$\n"]),
];

async fn typed(matrix: &mut Matrix) -> Outcome {
    for (injected, typed) in TYPED {
        let mut terminal = Terminal::open(&["-i"])?;
        terminal.session.is_shell = true;
        for keys in typed {
            terminal.press_when_ready(keys)?;
        }
        add(matrix, injected, both_ends(terminal).await?);
    }
    for name in ["KILL", "HUP"] {
        let mut terminal = Terminal::open(&["-i"])?;
        terminal.session.is_shell = true;
        terminal.press_when_ready("")?;
        signal(name, terminal.process.id()).await?;
        add(matrix, &format!("PTY, SIG{name} of a shell from outside"), both_ends(terminal).await?);
    }
    Ok(())
}

/// Keys that the terminal turns into a signal for a command, and signals without a key.
async fn keys(matrix: &mut Matrix) -> Outcome {
    const COMMAND: [&str; 2] = ["-c", "echo ready; exec sleep 1000"];

    for (injected, key) in [("PTY, Ctrl-C", CTRL_C), ("PTY, Ctrl-\\", CTRL_BACKSLASH)] {
        let mut terminal = Terminal::open(&COMMAND)?;
        terminal.press_when_ready(key)?;
        add(matrix, injected, both_ends(terminal).await?);
    }
    for name in ["KILL", "TERM"] {
        let mut terminal = Terminal::open(&COMMAND)?;
        terminal.press_when_ready("")?;
        signal(name, terminal.process.id()).await?;
        add(matrix, &format!("PTY, SIG{name} from outside"), both_ends(terminal).await?);
    }
    Ok(())
}

/// A process in a terminal, with the keyboard and screen of its client.
pub(super) struct Terminal<P = std::process::Child> {
    pub(super) session: Session,
    pub(super) input: Box<dyn Write + Send>,
    pub(super) screen: BufReader<Box<dyn Read + Send>>,
    pub(super) master: Box<dyn MasterPty + Send>,
    pub(super) process: P,
}

impl Terminal {
    pub(super) fn open(arguments: &[&str]) -> Result<Self, BoxError> {
        Self::open_with(arguments, None)
    }

    /// The same for a shell that receives the name of a file to write a note into.
    pub(super) fn open_with(arguments: &[impl AsRef<std::ffi::OsStr>], note: Option<&Path>) -> Result<Self, BoxError> {
        let Terminal { session, input, screen, master, process } = Terminal::spawn(arguments, note)?;
        // The status of portable-pty has no signal number, but the wrapped child has.
        let process = *process.downcast::<std::process::Child>().map_err(|_| "not a process of this system")?;
        Ok(Self { session, input, screen, master, process })
    }
}

impl Terminal<Box<dyn portable_pty::Child>> {
    /// A process in portable-pty's form.
    pub(super) fn spawn(arguments: &[impl AsRef<std::ffi::OsStr>], note: Option<&Path>) -> Result<Self, BoxError> {
        let pty = native_pty_system().openpty(PtySize::default())?;
        let mut command = CommandBuilder::new("sh");
        command.args(arguments);
        command.env("PS1", format!("{READY}\n"));
        if let Some(note) = note {
            command.env("NOTE", note);
        }
        let process: Box<dyn portable_pty::Child> = pty.slave.spawn_command(command)?;
        Ok(Self {
            session: Session::default(),
            input: pty.master.take_writer()?,
            screen: BufReader::new(pty.master.try_clone_reader()?),
            master: pty.master,
            process,
        })
    }
}

impl<P> Terminal<P> {
    pub(super) fn press_when_ready(&mut self, keys: &str) -> io::Result<()> {
        block_in_place(|| {
            let mut line = String::new();
            while !line.trim_end().ends_with(READY) {
                line.clear();
                if self.screen.read_line(&mut line)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.session.pressed(keys);
            self.input.write_all(keys.as_bytes())
        })
    }
}

/// Both ends of a session whose process ends by itself.
pub(super) async fn both_ends(terminal: Terminal) -> Result<(Disconnect, Disconnect), BoxError> {
    let (agent, mut client) = pair().await?;
    let Terminal { session, input, screen, master, mut process } = terminal;
    let ended = async { Ok(Ended::by(session, spawn_blocking(move || process.wait()).await??)) };
    let ends = tokio::try_join!(serve(agent, ended, pending()), async { Ok(attend(&mut client, session).await) })?;
    drop((input, screen, master));
    Ok(ends)
}
