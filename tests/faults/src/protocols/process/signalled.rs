//! Commands without a terminal that receive a signal: from outside, by their own crash, and one that stops them.

use std::future::pending;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use disconnect_core::Disconnect;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{AGENT, Ended, SHORT, Session, add, attend, serve};
use crate::loopback::pair;
use crate::matrix::Matrix;
use crate::peers::signal;
use crate::protocols::Outcome;
use crate::recipes::process::overdue;

/// The timeout of a command that is not stopped. It ends long before.
const LONG: Duration = Duration::from_secs(30);

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    let crash =
        Command::new(std::env::current_exe()?).args(["peer", "process", "crash"]).stderr(Stdio::null()).spawn()?;
    add(matrix, "an abort, SIGABRT", session(crash, async |_| Ok(())).await?);

    for name in ["KILL", "TERM", "INT", "HUP"] {
        let ends = session(shell("exec sleep 1000")?, async |process| signal(name, process).await).await?;
        add(matrix, &format!("SIG{name} from outside"), ends);
    }

    let ends = session_within(SHORT, shell("exec sleep 1000")?, async |process| signal("STOP", process).await).await?;
    add(matrix, "SIGSTOP of the command, deadline", ends);

    let resume = async |process| {
        while !is_stopped(process)? {
            tokio::task::yield_now().await;
        }
        signal("CONT", process).await
    };
    add(matrix, "SIGSTOP of the command, then SIGCONT", session(shell("kill -STOP $$; exit 0")?, resume).await?);
    Ok(())
}

/// A command without a terminal.
pub(super) fn shell(script: &str) -> io::Result<Child> {
    let script = format!("ulimit -c 0; {script}");
    Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).kill_on_drop(true).spawn()
}

/// Both ends of a session whose process ends by the given action.
pub(super) async fn session(
    process: Child,
    inject: impl AsyncFnOnce(u32) -> io::Result<()>,
) -> io::Result<(Disconnect, Disconnect)> {
    session_within(LONG, process, inject).await
}

/// The same with a deadline for the process.
async fn session_within(
    patience: Duration,
    mut process: Child,
    inject: impl AsyncFnOnce(u32) -> io::Result<()>,
) -> io::Result<(Disconnect, Disconnect)> {
    let (agent, mut client) = pair().await?;
    inject(process.id().ok_or_else(|| io::Error::other("the process has ended"))?).await?;
    let ended = async {
        if let Ok(status) = timeout(patience, process.wait()).await {
            return Ok(Ended::by(Session::default(), status?));
        }
        let end = overdue(AGENT);
        process.start_kill()?;
        Ok(Ended { end, ..Ended::by(Session::default(), process.wait().await?) })
    };
    tokio::try_join!(serve(agent, ended, pending()), async { Ok(attend(&mut client, Session::default()).await) })
}

/// Whether a process is stopped: state `T` in `/proc`, proc(5).
fn is_stopped(process: u32) -> io::Result<bool> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    Ok(stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')))
}
