//! Commands without a terminal: exit statuses, a lost client, a lost agent, tasks that end early, timers.

use std::future::pending;
use std::io;
use std::panic::resume_unwind;

use disconnect_core::Disconnect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{error::Elapsed, timeout};

use super::signalled::{session, shell};
use super::{AGENT, CLIENT, Ended, SHORT, Session, add, attend, serve, supervise};
use crate::line::line;
use crate::loopback::{pair, reset};
use crate::matrix::{Case, Matrix};
use crate::peers::Peer;
use crate::protocols::Outcome;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    ended_by_itself(matrix).await?;
    by_client(matrix).await?;
    by_agent(matrix).await?;
    timers(matrix).await?;
    tasks(matrix).await
}

#[rustfmt::skip] // one row per line
const COMMANDS: [(&str, &str); 17] = [
    ("exit 0", "exit 0"),
    ("exit 1", "exit 1"),
    ("exit 3", "exit 3"),
    ("exit 130", "exit 130"),
    ("exit 137", "exit 137"),
    ("exit 255", "exit 255"),
    ("exit 126, cannot execute", "/dev/null"),
    ("exit 127, not found", "no-such-command"),
    ("SIGSEGV", "kill -SEGV $$"),
    ("SIGHUP", "kill -HUP $$"),
    ("SIGPIPE", "kill -PIPE $$"),
    ("a shell that reports SIGKILL as 137", "sh -c 'kill -KILL $$'; exit $?"),
    ("a shell that reports SIGSEGV as 139", "sh -c 'kill -SEGV $$'; exit $?"),
    ("a shell that reports SIGTERM as 143", "sh -c 'kill -TERM $$'; exit $?"),
    ("a shell that reports SIGABRT as 134", "sh -c 'kill -ABRT $$'; exit $?"),
    ("out of CPU time", "ulimit -S -t 1; while :; do :; done"),
    // SIGKILL, which the kernel also sends when memory runs out.
    ("out of CPU time, hard limit", "ulimit -t 1; while :; do :; done"),
];

/// At the agent, which ran the command, and at the client, which receives the status.
async fn ended_by_itself(matrix: &mut Matrix) -> Outcome {
    for (injected, script) in COMMANDS {
        add(matrix, injected, session(shell(script)?, async |_| Ok(())).await?);
    }
    Ok(())
}

/// The client leaves or vanishes.
async fn by_client(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    let end = sleeping(agent, pending()).await?;
    matrix.add(Case::new("process", "the client's goodbye", "agent", end));

    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    let end = line(AGENT, async |ended| -> io::Result<_> {
        let mut process = shell("exec sleep 1000")?;
        ended.set(serve(agent, pending(), pending()).await?);
        process.kill().await?;
        Ok(Session::default().exited(AGENT, process.wait().await?))
    });
    matrix.add(Case::new("process", "the client's goodbye, then its process is killed", "agent", end.await));

    let (agent, client) = pair().await?;
    drop(client);
    let end = sleeping(agent, pending()).await?;
    matrix.add(Case::new("process", "the client's FIN without goodbye", "agent", end));

    let (agent, client) = pair().await?;
    reset(client)?;
    matrix.add(Case::new("process", "the client's RST", "agent", sleeping(agent, pending()).await?));

    let (mut peer, agent) = Peer::connected("process", &["client"]).await?;
    peer.line().await?;
    peer.kill().await?;
    matrix.add(Case::new("process", "kill -9 of the client", "agent", sleeping(agent, pending()).await?));
    Ok(())
}

/// The agent leaves or vanishes.
async fn by_agent(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    let end = sleeping(agent, async {}).await?;
    add(matrix, "shutdown, said before the kill", (end, attend(&mut client, Session::default()).await));

    let (mut peer, mut client) = Peer::connected("process", &["agent"]).await?;
    peer.line().await?;
    peer.kill().await?;
    let end = attend(&mut client, Session::default()).await;
    matrix.add(Case::new("process", "kill -9 of the agent itself", "client", end));

    let (mut peer, mut client) = Peer::connected("process", &["agent"]).await?;
    peer.line().await?;
    peer.stop().await?;
    let end = match timeout(SHORT, attend(&mut client, Session::default())).await {
        Ok(end) => end,
        Err(elapsed) => CLIENT.failed(&elapsed),
    };
    matrix.add(Case::new("process", "SIGSTOP of the agent itself, deadline", "client", end));
    Ok(())
}

/// A timer that expires after the process has ended and both sides know its status.
async fn timers(matrix: &mut Matrix) -> Outcome {
    let (mut agent, mut client) = pair().await?;
    let at_agent = line(AGENT, async |ended| -> io::Result<_> {
        let Ended { end, told } = Ended::by(Session::default(), shell("exit 0")?.wait().await?);
        ended.set(end);
        agent.write_all(told.as_bytes()).await?;
        // The client stays connected.
        timeout(SHORT, agent.read(&mut [0])).await??;
        Ok(ended.so_far())
    });
    let at_client = line(CLIENT, async |ended| -> Result<_, Elapsed> {
        ended.set(attend(&mut client, Session::default()).await);
        timeout(SHORT, pending::<()>()).await?;
        Ok(ended.so_far())
    });
    add(matrix, "exit 0, then a timer runs out", tokio::join!(at_agent, at_client));
    Ok(())
}

/// The task of a session does not complete. Its process is killed with it.
async fn tasks(matrix: &mut Matrix) -> Outcome {
    let (agent, mut client) = pair().await?;
    let task = tokio::spawn(sleeping(agent, pending()));
    task.abort();
    let ends = (supervise(task).await?, attend(&mut client, Session::default()).await);
    add(matrix, "the session's task is aborted", ends);

    let (agent, mut client) = pair().await?;
    // A panic without the hook that prints.
    let task = tokio::spawn(sleeping(agent, async { resume_unwind(Box::new("injected")) }));
    let ends = (supervise(task).await?, attend(&mut client, Session::default()).await);
    add(matrix, "the session's task panics", ends);
    Ok(())
}

/// A session whose process runs longer, and is killed when the session ends.
async fn sleeping(agent: TcpStream, shutdown: impl Future<Output = ()>) -> io::Result<Disconnect> {
    let mut process = shell("exec sleep 1000")?;
    let end = serve(agent, async { Ok(Ended::by(Session::default(), process.wait().await?)) }, shutdown).await?;
    process.kill().await?;
    Ok(end)
}
