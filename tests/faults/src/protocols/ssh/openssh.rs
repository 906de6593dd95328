//! OpenSSH's client with an agent of this crate.

use std::path::PathBuf;
use std::process::Stdio;

use disconnect_core::Disconnect;
use disconnect_faults::{FaultProxy, Toward};
use russh::Disconnect as Said;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional, join};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::super::Outcome;
use super::agent::{STRANGER, Served, TEAR_DOWN, agent_config, serve};
use super::refusals::{Ends, with_fin};
use super::{AGENT, CLIENT, Failure, agent_end, unready};
use crate::loopback::Inject;
use crate::matrix::{Case, Matrix};
use crate::peers::{Peer, signal};
use crate::recipes::openssh::exited;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    let there = Command::new("ssh").arg("-V").stderr(Stdio::null()).status().await;
    there.map_err(|error| format!("the cases with OpenSSH need `ssh` (openssh-client): {error}"))?;
    statuses(matrix).await?;
    killed(matrix).await?;
    proxies(matrix).await?;
    by_agent(matrix).await?;
    lost(matrix).await?;
    refused(matrix).await
}

/// An `ssh` process and its log file.
struct Ssh {
    child: Child,
    log: PathBuf,
    is_shell: bool,
}

const TRUSTING: [&str; 2] = ["-o", "StrictHostKeyChecking=no"];

impl Ssh {
    /// Starts `ssh`. Without a command it runs a shell.
    fn start(user: &str, address: &str, options: &[&str], command: &[&str]) -> Result<Self, Failure> {
        let (host, port) = address.rsplit_once(':').ok_or("no port")?;
        let log = std::env::temp_dir().join(format!("faults-{}-ssh-{port}", std::process::id()));
        let child = Command::new("ssh")
            .args(["-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"])
            .args(["-o", "LogLevel=INFO", "-o", "BatchMode=yes", "-o", "IdentityFile=none"])
            .args(["-o", "IdentityAgent=none", "-E"])
            .arg(&log)
            .args(options)
            .args(["-p", port, &format!("{user}@{host}")])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { child, log, is_shell: command.is_empty() })
    }

    /// Waits until the command has written its first line.
    async fn line(&mut self) -> Result<(), Failure> {
        let stdout = self.child.stdout.as_mut().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut String::new()).await?;
        Ok(())
    }

    /// The end at the parent of `ssh`. Does not close its input first, as `wait` would.
    async fn ended(mut self) -> Result<Disconnect, Failure> {
        let _stdin = self.child.stdin.take();
        let status = self.child.wait().await?;
        let log = std::fs::read_to_string(&self.log)?;
        std::fs::remove_file(&self.log)?;
        let mut stderr = String::new();
        self.child.stderr.take().ok_or("no standard error")?.read_to_string(&mut stderr).await?;
        Ok(exited(CLIENT, status, &log, &stderr, self.is_shell))
    }
}

/// An `ssh` process and the agent's side of its connection.
async fn session(user: &str, options: &[&str], command: &[&str]) -> Result<(Ssh, Served), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let ssh = Ssh::start(user, &listener.local_addr()?.to_string(), options, command)?;
    Ok((ssh, serve(agent_config(), listener.accept().await?.0, AGENT).await.map_err(unready)?))
}

/// A session with a running command.
async fn up(command: &str) -> Result<(Ssh, Served), Failure> {
    let (mut ssh, served) = session("user", &TRUSTING, &[&format!("echo up; {command}")]).await?;
    ssh.line().await?;
    Ok((ssh, served))
}

async fn add_both(matrix: &mut Matrix, injected: &str, ssh: Ssh, served: Served) -> Outcome {
    let (client, agent) = tokio::join!(ssh.ended(), agent_end(served));
    matrix.add(Case::new("ssh", injected, "client", client?));
    matrix.add(Case::new("ssh", injected, "agent", agent));
    Ok(())
}

async fn statuses(matrix: &mut Matrix) -> Outcome {
    for (injected, command) in [
        ("OpenSSH, exit 0", "exit 0"),
        ("OpenSSH, exit 3", "exit 3"),
        ("OpenSSH, exit 255 of the command", "exit 255"),
        ("OpenSSH, the command is killed", "kill -KILL $$"),
    ] {
        let (ssh, served) = session("user", &TRUSTING, &[command]).await?;
        add_both(matrix, injected, ssh, served).await?;
    }

    let (mut ssh, served) = session("user", &TRUSTING, &[]).await?;
    let mut stdin = ssh.child.stdin.take().ok_or("no standard input")?;
    stdin.write_all(b"exit\n").await?;
    add_both(matrix, "OpenSSH, exit typed", ssh, served).await?;

    let (mut ssh, served) = session("user", &TRUSTING, &["cat; echo done"]).await?;
    drop(ssh.child.stdin.take());
    add_both(matrix, "OpenSSH, end of input", ssh, served).await?;

    let (ssh, _served) = session("user", &TRUSTING, &[TEAR_DOWN]).await?;
    matrix.add(Case::new("ssh", "OpenSSH, torn down before the exit status", "client", ssh.ended().await?));
    Ok(())
}

async fn killed(matrix: &mut Matrix) -> Outcome {
    let (mut ssh, served) = up("cat").await?;
    ssh.child.start_kill()?;
    add_both(matrix, "OpenSSH, kill -9", ssh, served).await?;

    let (mut ssh, served) = up("cat > /dev/null").await?;
    let mut stdin = ssh.child.stdin.take().ok_or("no standard input")?;
    let sending = tokio::spawn(async move { while stdin.write_all(&[b'x'; 4096]).await.is_ok() {} });
    ssh.child.kill().await?;
    sending.await?;
    matrix.add(Case::new("ssh", "OpenSSH, kill -9 while it sends", "agent", agent_end(served).await));
    std::fs::remove_file(&ssh.log)?;

    let (ssh, served) = up("cat").await?;
    signal("TERM", ssh.child.id().ok_or("ssh has ended")?).await?;
    let (end, result) = served.ended().await;
    matrix.add(Case::new("ssh", "OpenSSH, SIGTERM", "agent", end).observed(format!("{result:?}")));
    ssh.ended().await.map(drop)
}

/// Kills the `ProxyCommand` that forwards the bytes of `ssh`.
async fn proxies(matrix: &mut Matrix) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let note = std::env::temp_dir().join(format!("faults-{}-proxy", std::process::id()));
    let program = std::env::current_exe()?;
    let proxy = format!("ProxyCommand='{}' peer ssh proxy {address} '{}'", program.display(), note.display());
    let options = [&TRUSTING[..], &["-o", &proxy]].concat();
    let mut ssh = Ssh::start("user", &address, &options, &["echo up; cat"])?;
    let served = serve(agent_config(), listener.accept().await?.0, AGENT).await.map_err(unready)?;
    ssh.line().await?;
    signal("KILL", std::fs::read_to_string(&note)?.parse()?).await?;
    std::fs::remove_file(&note)?;
    add_both(matrix, "OpenSSH, ProxyCommand killed", ssh, served).await
}

/// Runs as a `ProxyCommand`, and writes its process id into a file.
pub(super) async fn proxy(address: &str, note: &str) -> Outcome {
    std::fs::write(note, std::process::id().to_string())?;
    let mut agent = TcpStream::connect(address).await?;
    copy_bidirectional(&mut join(tokio::io::stdin(), tokio::io::stdout()), &mut agent).await?;
    Ok(())
}

/// Ends by the agent, as they appear in the log of `ssh`.
async fn by_agent(matrix: &mut Matrix) -> Outcome {
    let (ssh, served) = up("cat").await?;
    served.notes.say(AGENT.shutting_down());
    served.handle.disconnect(Said::ByApplication, "maintenance".to_owned(), String::new()).await?;
    add_both(matrix, "OpenSSH, shutdown of the agent", ssh, served).await?;

    for code in [Said::TooManyConnections, Said::ProtocolError] {
        let injected = format!("OpenSSH, DISCONNECT {code:?} by the agent");
        let (ssh, served) = up("cat").await?;
        served.notes.disconnect(&served.handle, code).await?;
        let (client, _) = tokio::join!(ssh.ended(), served.ended());
        matrix.add(Case::new("ssh", injected, "client", client?));
    }
    Ok(())
}

/// Sockets that fail, and an agent that is stopped.
async fn lost(matrix: &mut Matrix) -> Outcome {
    let faults: [(&str, Inject); 2] = [
        ("OpenSSH, FIN by the agent", |proxy| proxy.fin(Toward::Client)),
        ("OpenSSH, RST by the agent", |proxy| proxy.reset(Toward::Client)),
    ];
    for (injected, inject) in faults {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = FaultProxy::start(listener.local_addr()?)?;
        let mut ssh = Ssh::start("user", &proxy.address().to_string(), &TRUSTING, &["echo up; cat"])?;
        let _served = serve(agent_config(), listener.accept().await?.0, AGENT).await.map_err(unready)?;
        ssh.line().await?;
        inject(&proxy)?;
        matrix.add(Case::new("ssh", injected, "client", ssh.ended().await?));
    }
    let mut peer = Peer::start("ssh", &["agent"])?;
    let asking = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"];
    let mut ssh = Ssh::start("user", &peer.line().await?, &[&TRUSTING[..], &asking].concat(), &["echo up; cat"])?;
    ssh.line().await?;
    peer.stop().await?;
    matrix.add(Case::new("ssh", "OpenSSH, SIGSTOP of the agent", "client", ssh.ended().await?));
    Ok(())
}

async fn refused(matrix: &mut Matrix) -> Outcome {
    let (ssh, served) = session(STRANGER, &TRUSTING, &[]).await?;
    add_both(matrix, "OpenSSH, login refused", ssh, served).await?;

    let (client, (agent, result)) = with_fin(host_key_refused).await?;
    matrix.add(Case::new("ssh", "OpenSSH, host key refused", "client", client));
    matrix.add(Case::new("ssh", "OpenSSH, host key refused", "agent", agent).observed(result));
    Ok(())
}

async fn host_key_refused() -> Result<Ends, Failure> {
    let (ssh, served) = session("user", &["-o", "StrictHostKeyChecking=yes"], &[]).await?;
    let (client, (agent, result)) = tokio::join!(ssh.ended(), served.ended());
    Ok((client?, (agent, format!("{result:?}"))))
}
