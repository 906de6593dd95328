//! Processes under a terminal: keys that are pressed, hang-ups, what the master's end reads when everybody has gone.

use std::fs::File;
use std::future::{pending, ready};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus};

use disconnect_core::Disconnect;
use nix::libc::EIO;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::{block_in_place, spawn_blocking};

use super::{BROKEN, DONE, LEFT, SHUTDOWN, Session, VANISHED, attend, serve};
use crate::loopback::pair;
use crate::matrix::{Matrix, Truth};
use crate::peers::signal;
use crate::protocols::Outcome;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    typed(matrix).await?;
    keys(matrix).await?;
    hung_up(matrix).await?;
    hung_up_master(matrix).await
}

/// An interactive shell says so whenever it waits for a command.
const READY: &str = "ready";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_BACKSLASH: &str = "\u{1c}";

/// What is typed into a shell, each once the shell waits for it.
#[rustfmt::skip] // one row a line
const TYPED: [(&str, &[&str], Truth); 6] = [
    ("PTY, a shell is left with `exit 0`", &["exit 0\n"], LEFT),
    ("PTY, a shell is left with `exit 3`", &["exit 3\n"], LEFT),
    ("PTY, a shell is left with Ctrl-D", &[CTRL_D], LEFT),
    ("PTY, a shell is left after a command that failed", &["false\n", "exit\n"], LEFT),
    ("PTY, a shell is left after Ctrl-C: 130", &[CTRL_C, "exit\n"], LEFT),
    ("PTY, a shell kills itself", &["kill -KILL $$\n"], BROKEN),
];

async fn typed(matrix: &mut Matrix) -> Outcome {
    for (injected, typed, truth) in TYPED {
        let mut terminal = Terminal::open(&["-i"])?;
        terminal.session.is_shell = true;
        for keys in typed {
            terminal.press_when_ready(keys)?;
        }
        let (agent, client) = both_ends(terminal).await?;
        matrix.decidable("process", injected, "agent", truth, agent);
        matrix.decidable("process", injected, "client", truth, client);
    }
    Ok(())
}

/// Keys that the terminal turns into a signal for a command.
async fn keys(matrix: &mut Matrix) -> Outcome {
    const COMMAND: [&str; 2] = ["-c", "echo ready; exec sleep 1000"];

    for (injected, key) in [("PTY, Ctrl-C", CTRL_C), ("PTY, Ctrl-\\", CTRL_BACKSLASH)] {
        let mut terminal = Terminal::open(&COMMAND)?;
        terminal.press_when_ready(key)?;
        let (agent, client) = both_ends(terminal).await?;
        matrix.decidable("process", injected, "agent", LEFT, agent);
        matrix.decidable("process", injected, "client", LEFT, client);
    }
    for name in ["KILL", "TERM"] {
        let mut terminal = Terminal::open(&COMMAND)?;
        terminal.press_when_ready("")?;
        let id = terminal.process.id();
        signal(name, id).await?;
        let (agent, client) = both_ends(terminal).await?;
        matrix.decidable("process", format!("PTY, SIG{name} from outside"), "agent", BROKEN, agent);
        matrix.decidable("process", format!("PTY, SIG{name} from outside"), "client", BROKEN, client);
    }
    Ok(())
}

/// The session ends first, and then the terminal goes: the SIGHUP that the process gets is our own doing.
async fn hung_up(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    let (end, status) = until_hung_up(agent, pending()).await?;
    matrix.decidable("process", format!("PTY, the client's goodbye, then {status}"), "agent", LEFT, end);

    let (agent, client) = pair().await?;
    drop(client);
    let (end, status) = until_hung_up(agent, pending()).await?;
    matrix.decidable("process", format!("PTY, the client's FIN, then {status}"), "agent", VANISHED, end);

    let (agent, mut client) = pair().await?;
    let (end, status) = until_hung_up(agent, ready(())).await?;
    matrix.decidable("process", format!("PTY, shutdown, then {status}"), "agent", SHUTDOWN, end);
    matrix.decidable("process", "PTY, shutdown", "client", SHUTDOWN, attend(&mut client, Session::default()).await);
    Ok(())
}

/// What a master reads that nobody maps: EIO, however the process ended.
async fn hung_up_master(matrix: &mut Matrix) -> Outcome {
    for (injected, script, truth) in [
        ("EIO of the PTY, exit 0", "exit 0", DONE),
        ("EIO of the PTY, exit 3", "exit 3", BROKEN),
        ("EIO of the PTY, SIGKILL", "kill -KILL $$", BROKEN),
        ("EIO of the PTY, SIGSEGV", "kill -SEGV $$", BROKEN),
    ] {
        let (agent, _client) = pair().await?;
        let ended = async { spawn_blocking(|| under_bare_pty(script)).await? };
        matrix.decidable(
            "process",
            injected,
            "agent",
            truth,
            serve(agent, Session::default(), ended, pending()).await?,
        );
    }
    Ok(())
}

/// Reads a terminal to its end, and then asks how its process ended.
///
/// The end of a master is EIO once nobody has the terminal open any more. That tells nothing about the process, so it is
/// no end by itself: the status is.
fn under_bare_pty(script: &str) -> io::Result<ExitStatus> {
    let pty = nix::pty::openpty(None, None)?;
    let mut process = Command::new("sh")
        .args(["-c", script])
        .stdin(pty.slave.try_clone()?)
        .stdout(pty.slave.try_clone()?)
        .stderr(pty.slave)
        .spawn()?;
    match File::from(pty.master).read_to_end(&mut Vec::new()) {
        Err(error) if error.raw_os_error() != Some(EIO) => Err(error),
        _ => process.wait(),
    }
}

/// A process under a terminal, with the keyboard and the screen of its client.
struct Terminal {
    session: Session,
    input: Box<dyn Write + Send>,
    screen: BufReader<Box<dyn Read + Send>>,
    master: Box<dyn MasterPty + Send>,
    process: std::process::Child,
}

impl Terminal {
    fn open(arguments: &[&str]) -> Result<Self, BoxError> {
        let pty = native_pty_system().openpty(PtySize::default())?;
        let mut command = CommandBuilder::new("sh");
        command.args(arguments);
        command.env("PS1", format!("{READY}\n"));
        // portable-pty's own status is "1" and the name of a signal in words. The child that it wraps knows the number.
        let child: Box<dyn portable_pty::Child> = pty.slave.spawn_command(command)?;
        let process = *child.downcast::<std::process::Child>().map_err(|_| "not a process of this system")?;
        Ok(Self {
            session: Session::default(),
            input: pty.master.take_writer()?,
            screen: BufReader::new(pty.master.try_clone_reader()?),
            master: pty.master,
            process,
        })
    }

    fn press_when_ready(&mut self, keys: &str) -> io::Result<()> {
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

/// A session whose process ends by itself, as both sides see it.
async fn both_ends(terminal: Terminal) -> Result<(Disconnect, Disconnect), BoxError> {
    let (agent, mut client) = pair().await?;
    let Terminal { session, input, screen, master, mut process } = terminal;
    let ended = async { spawn_blocking(move || process.wait()).await? };
    let ends =
        tokio::try_join!(serve(agent, session, ended, pending()), async { Ok(attend(&mut client, session).await) })?;
    drop((input, screen, master));
    Ok(ends)
}

/// A session that ends before its process, and how that ended once its terminal was gone.
async fn until_hung_up(
    agent: TcpStream,
    shutdown: impl Future<Output = ()>,
) -> Result<(Disconnect, ExitStatus), BoxError> {
    let Terminal { session, input, screen, master, mut process } = Terminal::open(&["-c", "exec sleep 1000"])?;
    let waiting = spawn_blocking(move || process.wait());
    let end = serve(agent, session, pending(), shutdown).await?;
    drop((input, screen, master));
    Ok((end, waiting.await??))
}
