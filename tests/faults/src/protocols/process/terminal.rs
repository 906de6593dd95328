//! Terminals that are closed, that a grandchild keeps open, and what the master reads at the end.

use std::fs::File;
use std::future::pending;
use std::io::{self, Read};
use std::process::{Command, ExitStatus};

use disconnect_core::Disconnect;
use nix::libc::EIO;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::typed::{Terminal, both_ends};
use super::{AGENT, Ended, SHORT, Session, add, attend, serve};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::peers::signal;
use crate::protocols::Outcome;
use crate::recipes::process::overdue;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    hung_up(matrix).await?;
    closed(matrix).await?;
    kept_open(matrix).await?;
    stopped(matrix).await?;
    masters(matrix).await
}

const SLEEPER: [&str; 2] = ["-c", "exec sleep 1000"];

/// The session ends first, and then the terminal closes: the SIGHUP of the process is caused by this side.
async fn hung_up(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    let end = until_hung_up(agent, pending()).await?;
    matrix.add(Case::new("process", "PTY, the client's goodbye, then SIGHUP", "agent", end));

    let (agent, client) = pair().await?;
    drop(client);
    let end = until_hung_up(agent, pending()).await?;
    matrix.add(Case::new("process", "PTY, the client's FIN, then SIGHUP", "agent", end));

    let (agent, mut client) = pair().await?;
    let end = until_hung_up(agent, async {}).await?;
    add(matrix, "PTY, shutdown, then SIGHUP", (end, attend(&mut client, Session::default()).await));
    Ok(())
}

/// A session that ends before its process, which then dies of the SIGHUP of its closing terminal.
async fn until_hung_up(agent: TcpStream, shutdown: impl Future<Output = ()>) -> Result<Disconnect, BoxError> {
    let Terminal { input, screen, master, mut process, .. } = Terminal::open(&SLEEPER)?;
    let end = serve(agent, pending(), shutdown).await?;
    drop((input, screen, master));
    died_of_hang_up(spawn_blocking(move || process.wait()).await??)?;
    Ok(end)
}

fn died_of_hang_up(status: ExitStatus) -> io::Result<()> {
    match std::os::unix::process::ExitStatusExt::signal(&status) {
        Some(1) => Ok(()),
        _ => Err(io::Error::other(format!("not a SIGHUP: {status}"))),
    }
}

/// The terminal closes without a recorded end.
async fn closed(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    let Terminal { input, screen, master, mut process, session } = Terminal::open(&SLEEPER)?;
    drop((input, screen, master));
    let ended = async {
        let status = spawn_blocking(move || process.wait()).await??;
        died_of_hang_up(status)?;
        Ok(Ended::by(session, status))
    };
    let ends = tokio::try_join!(serve(agent, ended, pending()), async { Ok(attend(&mut client, session).await) })?;
    add(matrix, "PTY, SIGHUP by a closed terminal", ends);
    Ok(())
}

/// A process that the command or the shell started keeps the terminal open after them.
async fn kept_open(matrix: &mut Matrix) -> Outcome {
    const GRANDCHILD: &str = "trap '' HUP; sleep 1000 & echo $! > \"$NOTE\"";
    let as_command = |end: &str| vec!["-c".to_owned(), format!("{GRANDCHILD}; {end}")];
    for (injected, arguments, typed) in [
        ("PTY, a grandchild keeps it open, exit 0", as_command("exit 0"), None),
        ("PTY, a grandchild keeps it open, SIGKILL", as_command("kill -KILL $$"), None),
        ("PTY, a grandchild keeps it open, a shell is left", vec!["-i".to_owned()], Some(GRANDCHILD)),
    ] {
        let note = std::env::temp_dir().join(format!("faults-{}-grandchild", std::process::id()));
        let mut terminal = Terminal::open_with(&arguments, Some(&note))?;
        if let Some(grandchild) = typed {
            terminal.session.is_shell = true;
            terminal.press_when_ready(&format!("{grandchild}\n"))?;
            terminal.press_when_ready("exit 0\n")?;
        }
        let mut output = terminal.master.try_clone_reader()?;
        let reading = spawn_blocking(move || output.read_to_end(&mut Vec::new()));
        add(matrix, injected, both_ends(terminal).await?);
        if reading.is_finished() {
            return Err("the terminal was not kept open".into());
        }
        signal("KILL", std::fs::read_to_string(&note)?.trim().parse()?).await?;
        std::fs::remove_file(&note)?;
        reading.await??;
    }
    Ok(())
}

/// A stopped command with a deadline.
async fn stopped(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    let Terminal { session, mut process, input, screen, master } = Terminal::open(&SLEEPER)?;
    let id = process.id();
    signal("STOP", id).await?;
    let mut waiting = spawn_blocking(move || process.wait());
    let ended = async {
        if let Ok(status) = timeout(SHORT, &mut waiting).await {
            return Ok(Ended::by(session, status??));
        }
        let end = overdue(AGENT);
        signal("KILL", id).await?;
        Ok(Ended { end, ..Ended::by(session, waiting.await??) })
    };
    let ends = tokio::try_join!(serve(agent, ended, pending()), async { Ok(attend(&mut client, session).await) })?;
    drop((input, screen, master));
    add(matrix, "PTY, SIGSTOP of the command, deadline", ends);
    Ok(())
}

/// The last read of a master, for every end of the process: EIO, which portable-pty turns into `Ok(0)`.
async fn masters(matrix: &mut Matrix) -> Outcome {
    for (name, script) in
        [("exit 0", "exit 0"), ("exit 3", "exit 3"), ("SIGKILL", "kill -KILL $$"), ("SIGSEGV", "kill -SEGV $$")]
    {
        let ended = async { Ok(Ended::by(Session::default(), spawn_blocking(|| under_bare_pty(script)).await??)) };
        let (agent, _client) = pair().await?;
        let end = serve(agent, ended, pending()).await?;
        matrix.add(Case::new("process", format!("EIO of the PTY, {name}"), "agent", end));

        let mut terminal = Terminal::open(&["-c", script])?;
        let read = async {
            let read = spawn_blocking(move || {
                terminal.screen.read_to_end(&mut Vec::new())?;
                terminal.process.wait()
            });
            Ok(Ended::by(Session::default(), read.await??))
        };
        let (agent, _client) = pair().await?;
        let end = serve(agent, read, pending()).await?;
        matrix.add(Case::new("process", format!("Ok(0) of the PTY, {name}"), "agent", end));
    }
    Ok(())
}

/// Reads a terminal to its end, and then waits for its process.
///
/// A master returns EIO once no process has the terminal open. That does not show how the process ended, so it is no
/// end by itself. The status is.
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
        Ok(_) => Err(io::Error::other("no EIO")),
        Err(_) => process.wait(),
    }
}
