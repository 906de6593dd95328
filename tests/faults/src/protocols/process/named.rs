//! Processes with a status from portable-pty: a code, and a signal as a text.

use std::future::pending;

use disconnect_core::Disconnect;
use tokio::task::spawn_blocking;

use super::typed::Terminal;
use super::{AGENT, Ended, Session, add, attend, serve};
use crate::loopback::pair;
use crate::matrix::Matrix;
use crate::protocols::Outcome;
use crate::recipes::portable_pty::exited;

type Named = Terminal<Box<dyn portable_pty::Child>>;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for name in ["KILL", "TERM", "SEGV", "ABRT", "HUP", "INT", "QUIT", "PIPE", "ALRM", "USR1", "XCPU"] {
        let script = format!("ulimit -c 0; kill -{name} $$");
        add(matrix, &format!("portable-pty, SIG{name}"), both_ends(Terminal::spawn(&["-c", &script], None)?).await?);
    }
    let real_time = Terminal::spawn(&["-c", "kill -34 $$"], None)?;
    add(matrix, "portable-pty, a real-time signal", both_ends(real_time).await?);

    let mut killed = shell()?;
    killed.press_when_ready("kill -KILL $$\n")?;
    add(matrix, "portable-pty, SIGKILL of a shell", both_ends(killed).await?);

    for code in [0, 1, 130, 137] {
        let command = Terminal::spawn(&["-c", &format!("exit {code}")], None)?;
        add(matrix, &format!("portable-pty, exit {code}"), both_ends(command).await?);

        let mut left = shell()?;
        left.press_when_ready(&format!("exit {code}\n"))?;
        add(matrix, &format!("portable-pty, a shell exits with {code}"), both_ends(left).await?);
    }
    Ok(())
}

fn shell() -> Result<Named, Box<dyn std::error::Error + Send + Sync>> {
    let mut shell = Terminal::spawn(&["-i"], None)?;
    shell.session.is_shell = true;
    Ok(shell)
}

async fn both_ends(terminal: Named) -> Result<(Disconnect, Disconnect), Box<dyn std::error::Error + Send + Sync>> {
    let (agent, mut client) = pair().await?;
    let Terminal { session, input, screen, master, mut process } = terminal;
    let ended = async {
        let status = spawn_blocking(move || process.wait()).await??;
        let told = match status.signal() {
            Some(name) => format!("signal {name}\n"),
            None => format!("exit {}\n", status.exit_code()),
        };
        Ok(Ended { end: exited(AGENT, &status, session.is_shell), told })
    };
    let heard = async { Ok(attend(&mut client, Session { key_signal: None, ..session }).await) };
    let ends = tokio::try_join!(serve(agent, ended, pending()), heard)?;
    drop((input, screen, master));
    Ok(ends)
}
