//! Commands without a terminal: statuses, signals, shells that report the signal of their command, a lost client.

use std::future::{pending, ready};
use std::io;
use std::panic::resume_unwind;
use std::process::Stdio;

use disconnect_core::Disconnect;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{BROKEN, DONE, LEFT, SHUTDOWN, Session, VANISHED, attend, serve, supervise};
use crate::loopback::{pair, reset};
use crate::matrix::{Matrix, Truth};
use crate::peers::{Peer, signal};
use crate::protocols::Outcome;

/// A session without a terminal.
const NO_TERMINAL: Session = Session { is_shell: false, key_signal: None };

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    ended_by_itself(matrix).await?;
    signalled(matrix).await?;
    other_ends(matrix).await?;
    tasks(matrix).await
}

#[rustfmt::skip] // one row a line
const COMMANDS: [(&str, &str, Truth); 13] = [
    ("exit 0", "exit 0", DONE),
    ("exit 3", "exit 3", BROKEN),
    ("exit 126, cannot execute", "/dev/null", BROKEN),
    ("exit 127, not found", "no-such-command", BROKEN),
    ("exit 255", "exit 255", BROKEN),
    ("SIGSEGV", "kill -SEGV $$", BROKEN),
    ("SIGHUP", "kill -HUP $$", BROKEN),
    ("SIGPIPE", "kill -PIPE $$", BROKEN),
    ("a shell that reports SIGKILL as 137", "sh -c 'kill -KILL $$'; exit $?", BROKEN),
    ("a shell that reports SIGSEGV as 139", "sh -c 'kill -SEGV $$'; exit $?", BROKEN),
    ("a shell that reports SIGTERM as 143", "sh -c 'kill -TERM $$'; exit $?", BROKEN),
    ("a shell that reports SIGABRT as 134", "sh -c 'kill -ABRT $$'; exit $?", BROKEN),
    ("out of CPU time", "ulimit -S -t 1; while :; do :; done", BROKEN),
];

/// Seen by the agent, which ran it, and by the client, which is told.
async fn ended_by_itself(matrix: &mut Matrix) -> Outcome {
    for (injected, script, truth) in COMMANDS {
        let (agent, client) = session(shell(script)?, |_| ready(Ok(()))).await?;
        matrix.decidable("process", injected, "agent", truth, agent);
        matrix.decidable("process", injected, "client", truth, client);
    }
    let crash =
        Command::new(std::env::current_exe()?).args(["peer", "process", "crash"]).stderr(Stdio::null()).spawn()?;
    let (agent, client) = session(crash, |_| ready(Ok(()))).await?;
    matrix.decidable("process", "an abort, SIGABRT", "agent", BROKEN, agent);
    matrix.decidable("process", "an abort, SIGABRT", "client", BROKEN, client);
    Ok(())
}

/// Somebody else sends a signal.
async fn signalled(matrix: &mut Matrix) -> Outcome {
    for name in ["KILL", "TERM"] {
        let (agent, client) = session(shell("exec sleep 1000")?, |process| signal(name, process)).await?;
        matrix.decidable("process", format!("SIG{name} from outside"), "agent", BROKEN, agent);
        matrix.decidable("process", format!("SIG{name} from outside"), "client", BROKEN, client);
    }
    let (agent, client) = session(shell("exec sleep 1000")?, |process| signal("INT", process)).await?;
    let why = "without a terminal to press Ctrl-C at it was not the client, but the status does not say so";
    matrix.undecidable("process", "SIGINT from outside", "agent", BROKEN, agent, why);
    matrix.undecidable("process", "SIGINT from outside", "client", BROKEN, client, why);
    Ok(())
}

/// The client goes, or the agent does.
async fn other_ends(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    matrix.decidable("process", "the client's goodbye", "agent", LEFT, sleeping(agent, pending()).await?);

    let (agent, client) = pair().await?;
    drop(client);
    matrix.decidable(
        "process",
        "the client's FIN without goodbye",
        "agent",
        VANISHED,
        sleeping(agent, pending()).await?,
    );

    let (agent, client) = pair().await?;
    reset(client)?;
    matrix.decidable("process", "the client's RST", "agent", VANISHED, sleeping(agent, pending()).await?);

    let (agent, mut client) = pair().await?;
    matrix.decidable("process", "shutdown, said before the kill", "agent", SHUTDOWN, sleeping(agent, ready(())).await?);
    matrix.decidable(
        "process",
        "shutdown, said before the kill",
        "client",
        SHUTDOWN,
        attend(&mut client, NO_TERMINAL).await,
    );

    let (mut peer, mut client) = Peer::connected("process", &["agent"]).await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.decidable(
        "process",
        "kill -9 of the agent itself",
        "client",
        VANISHED,
        attend(&mut client, NO_TERMINAL).await,
    );
    Ok(())
}

/// The task of a session does not get to its end; its process is killed with it.
async fn tasks(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    let task = tokio::spawn(sleeping(agent, pending()));
    task.abort();
    matrix.decidable("process", "the session's task is aborted", "agent", BROKEN, supervise(task).await?);
    matrix.decidable(
        "process",
        "the session's task is aborted",
        "client",
        VANISHED,
        attend(&mut client, NO_TERMINAL).await,
    );

    let (agent, mut client) = pair().await?;
    // As a panic, without the hook that prints.
    let task = tokio::spawn(sleeping(agent, async { resume_unwind(Box::new("injected")) }));
    matrix.decidable("process", "the session's task panics", "agent", BROKEN, supervise(task).await?);
    matrix.decidable(
        "process",
        "the session's task panics",
        "client",
        VANISHED,
        attend(&mut client, NO_TERMINAL).await,
    );
    Ok(())
}

fn shell(script: &str) -> io::Result<Child> {
    Command::new("sh").args(["-c", script]).stderr(Stdio::null()).kill_on_drop(true).spawn()
}

/// A session whose process ends by what is done to it, as both sides see it.
async fn session<F>(mut process: Child, inject: impl FnOnce(u32) -> F) -> io::Result<(Disconnect, Disconnect)>
where
    F: Future<Output = io::Result<()>>,
{
    let (agent, mut client) = pair().await?;
    if let Some(id) = process.id() {
        inject(id).await?;
    }
    tokio::try_join!(serve(agent, NO_TERMINAL, process.wait(), pending()), async {
        Ok(attend(&mut client, NO_TERMINAL).await)
    })
}

/// A session whose process outlives it, and is killed as the session ends.
async fn sleeping(agent: TcpStream, shutdown: impl Future<Output = ()>) -> io::Result<Disconnect> {
    let mut process = shell("exec sleep 1000")?;
    let end = serve(agent, NO_TERMINAL, process.wait(), shutdown).await?;
    process.kill().await?;
    Ok(end)
}
