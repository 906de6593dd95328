//! OpenSSH's client against an agent of ours. Where there is no `ssh`, these cases are left out.

use std::process::Stdio;

use disconnect_core::{Code, DisconnectInitiator as By, DisconnectReason as Why};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::super::Outcome;
use super::agent::{STRANGER, Served, agent_config, serve};
use super::{AGENT, CLIENT, Failure, NETWORK, unready};
use crate::matrix::{Matrix, truth};
use crate::peers::signal;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    if Command::new("ssh").arg("-V").stderr(Stdio::null()).status().await.is_err() {
        eprintln!("no `ssh` here: the cases with OpenSSH are left out");
        return Ok(());
    }
    ends_of_commands(matrix).await?;
    killed(matrix).await?;
    ends_by_agent(matrix).await?;
    refused(matrix).await
}

/// An `ssh` and the agent's end of its connection.
struct Session {
    ssh: Child,
    served: Served,
}

async fn ssh(user: &str, options: &[&str], command: &[&str]) -> Result<Session, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port().to_string();
    let ssh = Command::new("ssh")
        .args(["-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"])
        .args(["-o", "LogLevel=QUIET", "-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none"])
        .args(options)
        .args(["-p", &port, &format!("{user}@127.0.0.1")])
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let served = serve(agent_config(), listener.accept().await?.0, AGENT).await.map_err(unready)?;
    Ok(Session { ssh, served })
}

const TRUSTING: [&str; 2] = ["-o", "StrictHostKeyChecking=no"];

impl Session {
    /// Waits until the command has written its first line.
    async fn line(&mut self) -> Result<(), Failure> {
        let stdout = self.ssh.stdout.as_mut().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut String::new()).await?;
        Ok(())
    }
}

async fn ends_of_commands(matrix: &mut Matrix) -> Outcome {
    let graceful = truth(Why::Graceful, By::Agent);

    let session = ssh("user", &TRUSTING, &["exit", "0"]).await?;
    matrix.decidable("ssh", "OpenSSH, exit 0", "agent", graceful, session.served.ended().await);

    let mut session = ssh("user", &TRUSTING, &[]).await?;
    let mut stdin = session.ssh.stdin.take().ok_or("no standard input")?;
    stdin.write_all(b"exit\n").await?;
    let left = truth(Why::ClientClosed, By::Client);
    matrix.decidable("ssh", "OpenSSH, exit typed", "agent", left, session.served.ended().await);

    let mut session = ssh("user", &TRUSTING, &["cat; echo done"]).await?;
    drop(session.ssh.stdin.take());
    matrix.decidable("ssh", "OpenSSH, end of input", "agent", graceful, session.served.ended().await);
    Ok(())
}

async fn killed(matrix: &mut Matrix) -> Outcome {
    let mut session = ssh("user", &TRUSTING, &["echo up; cat"]).await?;
    session.line().await?;
    session.ssh.kill().await?;
    matrix.decidable("ssh", "OpenSSH, kill -9", "agent", NETWORK, session.served.ended().await);

    let mut session = ssh("user", &TRUSTING, &["echo up; cat"]).await?;
    session.line().await?;
    signal("TERM", session.ssh.id().ok_or("ssh has ended")?).await?;
    let end = session.served.ended().await;
    let why = "russh's server drops the code of a client's DISCONNECT";
    matrix.undecidable("ssh", "OpenSSH, SIGTERM", "agent", truth(Why::ClientClosed, By::Client), end, why);
    Ok(())
}

/// What a supervisor of `ssh` sees: its exit status.
async fn ends_by_agent(matrix: &mut Matrix) -> Outcome {
    let shutdown = truth(Why::ServerShutdown, By::Agent);
    let mut session = ssh("user", &TRUSTING, &["echo up; cat"]).await?;
    session.line().await?;
    session.served.known.say(AGENT.shutting_down());
    session.served.handle.disconnect(russh::Disconnect::ByApplication, String::new(), String::new()).await?;
    let (status, end) = tokio::join!(session.ssh.wait(), session.served.ended());
    matrix.decidable("ssh", "OpenSSH, shutdown of the agent", "agent", shutdown, end);
    let end = CLIENT.received(Code::exit(status?.code().unwrap_or(-1)));
    let why = "OpenSSH exits with 255 for whatever happens to its connection";
    matrix.undecidable("ssh", "OpenSSH, shutdown of the agent", "client", shutdown, end, why);

    let mut session = ssh("user", &TRUSTING, &["exit", "255"]).await?;
    let status = session.ssh.wait().await?;
    let end = CLIENT.received(Code::exit(status.code().unwrap_or(-1)));
    let failed = truth(Why::Unknown, By::Agent);
    matrix.undecidable("ssh", "OpenSSH, exit 255 of the command", "client", failed, end, why);
    Ok(())
}

async fn refused(matrix: &mut Matrix) -> Outcome {
    let session = ssh(STRANGER, &TRUSTING, &[]).await?;
    let by_agent = truth(Why::Unknown, By::Agent);
    matrix.decidable("ssh", "OpenSSH, login refused", "agent", by_agent, session.served.ended().await);

    let session = ssh("user", &["-o", "StrictHostKeyChecking=yes"], &[]).await?;
    let by_client = truth(Why::Unknown, By::Client);
    let why = "the client leaves without a word";
    matrix.undecidable("ssh", "OpenSSH, host key refused", "agent", by_client, session.served.ended().await, why);
    Ok(())
}
