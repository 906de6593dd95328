//! The real OpenSSH as the client.

use crate::process::{Failure, Pipe, Process};
use nix::sys::signal::Signal::{SIGKILL, SIGTERM};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use portable_pty::CommandBuilder;
use tokio::io::AsyncWriteExt;

use super::client::{DIRECT, RELAYED, disconnects, gone, left};
use crate::end::{End, Site};
use crate::proxy::{Break, Proxy};
use crate::sites::{AGENT_CONTROL, AGENT_SESSION, AGENT_SSH, CLIENT_PROXY, CLIENT_RETRYING, SERVER_CLIENT};
use crate::tools::{QUIET, Tool, sftp, ssh};
use crate::typist::Typist;
use crate::world::World;
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("openssh-exec-0", "OpenSSH, a command exits with 0", |w| Box::pin(exec(w, 0))).needs(SSH),
    scenario("openssh-exec-3", "OpenSSH, a command exits with 3", |w| Box::pin(exec(w, 3))).shows(&[4]).needs(SSH),
    scenario("openssh-exec-killed", "OpenSSH, kill -9 of the command", |w| Box::pin(exec_killed(w))).shows(&[12]).needs(SSH),
    scenario("openssh-shell", "OpenSSH, `exit` is typed into a shell under a terminal", |w| Box::pin(shell(w))).needs(SSH),
    scenario("openssh-tilde-dot", "OpenSSH, `~.` is typed", |w| Box::pin(tilde_dot(w))).shows(&[11]).needs(SSH),
    scenario("openssh-killed", "kill -9 of OpenSSH", |w| Box::pin(killed(w))).shows(&[12]).needs(SSH),
    scenario("openssh-terminated", "SIGTERM of OpenSSH", |w| Box::pin(terminated(w))).shows(&[10]).needs(SSH),
    scenario("openssh-multiplexed", "OpenSSH, several channels: one ends, the others live", |w| Box::pin(multiplexed(w))).shows(&[5]).needs(SSH),
    scenario("openssh-proxied", "OpenSSH through `workspace proxy`", |w| Box::pin(proxied(w))).needs(SSH),
    scenario("openssh-proxied-shutdown", "SIGTERM of the server under a proxied OpenSSH", |w| Box::pin(proxied_shutdown(w))).shows(&[1]).needs(SSH),
    scenario("sftp-put-get", "OpenSSH's sftp, put and get", |w| Box::pin(put_get(w))).shows(&[3]).needs(SFTP),
    scenario("sftp-reset", "OpenSSH's sftp, the path is reset in the middle of a put", |w| Box::pin(put_reset(w))).shows(&[3]).needs(SFTP),
];

const SSH: &[Tool] = &[Tool::Ssh];
const SFTP: &[Tool] = &[Tool::Ssh, Tool::Sftp, Tool::SftpServer];

/// OpenSSH's way to send its `client_session_id`.
const NAMED: [&str; 2] = ["-o", "SetEnv=CLIENT_SESSION_ID=c1"];

/// An OpenSSH that receives a signal just before it waits for input handles it only after the next input: a
/// keep-alive, here.
const LIVELY: &[&str] = &["--heartbeat", "1000"];

/// Starts an ssh with a command, and waits until the command runs. Returns the ssh and the command's process id.
async fn start(world: &mut World, options: &[&str], command: &[&str]) -> Result<(Process, String), Failure> {
    let process = Process::tool(ssh(&world.ssh, &[&NAMED, options].concat(), command))?;
    let pid = world.agent_says("ssh session started").await?.text("pid");
    Ok((process, pid))
}

/// The lines of an OpenSSH that closes its connection. Only the agent has lines.
fn leaves() -> End {
    DIRECT.line(disconnects(AGENT_SSH))
}

/// Waits for the connection's line. Our own client waits for the agent by itself.
async fn is_over(world: &mut World) -> Result<(), Failure> {
    world.agent_says(AGENT_SSH.message).await?;
    Ok(())
}

async fn exec(world: &mut World, status: u32) -> Result<(), Failure> {
    world.start().await?;
    let (process, _) = start(world, &[], &["exit", &status.to_string()]).await?;
    let ended = world.tool_ended(process).await?;
    world.check(ended.code() == i32::try_from(status).ok(), || format!("ssh ended with {ended}"));
    is_over(world).await?;
    let [session, _] = DIRECT.exits(status);
    world.want([session, leaves()]);
    Ok(())
}

async fn exec_killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let (process, pid) = start(world, &[], &["cat"]).await?;
    kill(Pid::from_raw(pid.parse()?), SIGKILL)?;
    world.tool_ended(process).await?;
    is_over(world).await?;
    let killed = |site: Site| site.fault("unknown", "agent").cause("killed").code("signal.9");
    world.want([DIRECT.agent_session("exec", killed), leaves()]);
    Ok(())
}

/// A shell under a terminal.
async fn open_shell(world: &mut World) -> Result<Typist, Failure> {
    let mut command = CommandBuilder::new("ssh");
    let port = world.ssh.rsplit_once(':').map_or("", |(_, port)| port);
    command.args(QUIET.iter().chain(&NAMED).chain(&["-p", port, "dev@127.0.0.1"]));
    let mut typist = world.tool_under_terminal(command)?;
    world.agent_says("ssh session started").await?;
    typist.press("echo $((6 * 7))\n")?;
    typist.screen.until("42").await?;
    Ok(typist)
}

async fn shell(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut typist = open_shell(world).await?;
    typist.press("exit 5\n")?;
    let status = world.typist_ended(typist).await?;
    world.check(status == 5, || format!("ssh ended with {status}"));
    is_over(world).await?;
    let [session, _] = DIRECT.leaves_shell(5);
    world.want([session, leaves()]);
    Ok(())
}

/// The client closes the connection and not the session, with a DISCONNECT whose code the agent does not receive.
async fn tilde_dot(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut typist = open_shell(world).await?;
    typist.press("\n~.")?;
    world.typist_ended(typist).await?;
    is_over(world).await?;
    world.want([DIRECT.agent_session("shell", disconnects), DIRECT.line(disconnects(AGENT_SSH))]);
    Ok(())
}

/// Not a clean end: fault 12.
async fn killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let (process, _) = start(world, &[], &["cat"]).await?;
    process.signal(SIGKILL)?;
    world.tool_ended(process).await?;
    is_over(world).await?;
    world.want([DIRECT.agent_session("exec", gone), DIRECT.line(gone(AGENT_SSH))]);
    Ok(())
}

/// The client says goodbye, and closes with unread bytes. The following reset is an error of the close: fault 10.
async fn terminated(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], LIVELY).await?;
    let (process, _) = start(world, &[], &["cat"]).await?;
    process.signal(SIGTERM)?;
    world.tool_ended(process).await?;
    is_over(world).await?;
    world.want([DIRECT.agent_session("exec", disconnects), DIRECT.line(disconnects(AGENT_SSH))]);
    Ok(())
}

/// Every session has its own end, and not that of another session: fault 5.
async fn multiplexed(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], LIVELY).await?;
    let path = format!("ControlPath={}", world.file("mux").display());
    let (mut master, _) = start(world, &["-M", "-o", &path], &["cat"]).await?;
    let (mut second, _) = start(world, &["-o", "ControlMaster=no", "-o", &path], &["cat"]).await?;
    let (third, _) = start(world, &["-o", "ControlMaster=no", "-o", &path], &["exit", "3"]).await?;
    world.tool_ended(third).await?;
    world.agent_says(AGENT_SESSION.message).await?;
    for process in [&mut master, &mut second] {
        let stdin = process.stdin.as_mut().ok_or("its input is closed")?;
        stdin.write_all(b"still there\n").await?;
        process.stdout.until("still there\n").await?;
    }
    drop(second.stdin.take());
    world.tool_ended(second).await?;
    master.signal(SIGTERM)?;
    world.tool_ended(master).await?;
    is_over(world).await?;
    let [[three, _], [zero, _]] = [3, 0].map(|status| DIRECT.exits(status));
    world.want([three, zero, DIRECT.agent_session("exec", disconnects), DIRECT.line(disconnects(AGENT_SSH))]);
    Ok(())
}

/// An ssh with our proxy.
async fn start_proxied(world: &mut World) -> Result<Process, Failure> {
    let pipe = Pipe::new(world.file("proxy.log"))?;
    let program = std::env::current_exe()?;
    let proxy = format!(
        "ProxyCommand='{}' proxy --server {} --client-session-id {} --log '{}' dev",
        program.display(),
        world.url(),
        RELAYED.id,
        pipe.path().display()
    );
    let mut command = ssh("", &["-o", &proxy], &["cat"]);
    command.envs(world.place.environment());
    let process = world.tool_with_client(command, pipe)?;
    world.agent_says("ssh session started").await?;
    Ok(process)
}

async fn proxied(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut process = start_proxied(world).await?;
    drop(process.stdin.take());
    let ended = world.ended(process).await?;
    world.check(ended.success(), || format!("ssh ended with {ended}"));
    is_over(world).await?;
    world.server_says(SERVER_CLIENT.message).await?;
    let [session, _] = RELAYED.exits(0);
    world.want([session, RELAYED.line(disconnects(AGENT_SSH)), RELAYED.line(left(CLIENT_PROXY))]);
    world.want(RELAYED.leaves_relay());
    world.want(RELAYED.leaves_server());
    Ok(())
}

/// All three processes report the goodbye of the relay: fault 1.
async fn proxied_shutdown(world: &mut World) -> Result<(), Failure> {
    world.tell("the server is shutting down; try again when it is back");
    world.start().await?;
    let process = start_proxied(world).await?;
    world.end_server(SIGTERM).await?;
    world.ended(process).await?;
    is_over(world).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    let shutdown = |site: Site| site.normal("server_shutdown", "server");
    let told = |site: Site| shutdown(site).code("websocket.1001");
    world.want([RELAYED.agent_session("exec", told), RELAYED.line(told(AGENT_SSH)), RELAYED.line(told(CLIENT_PROXY))]);
    world.want(RELAYED.relay(shutdown));
    world.want([shutdown(SERVER_CLIENT).client(RELAYED.id), told(CLIENT_RETRYING).client(RELAYED.id)]);
    world.want(super::losses::server_left());
    Ok(())
}

/// Fault 3.
async fn put_get(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let [from, there, back] = ["from", "there", "back"].map(|name| world.file(name).display().to_string());
    tokio::fs::write(&from, vec![7; 1_000_000]).await?;
    let mut process = Process::tool(sftp(&world.ssh, &NAMED))?;
    let mut stdin = process.stdin.take().ok_or("no input")?;
    stdin.write_all(format!("put {from} {there}\nget {there} {back}\n").as_bytes()).await?;
    drop(stdin);
    let said = process.stderr.all().await;
    let ended = world.tool_ended(process).await?;
    world.check(ended.success(), || format!("sftp ended with {ended}: {said}"));
    let is_same = tokio::fs::read(&from).await? == tokio::fs::read(&back).await.unwrap_or_default();
    world.check(is_same, || "the copy differs".to_owned());
    is_over(world).await?;
    world.want([DIRECT.agent_session("sftp", |site| site.normal("graceful", "agent").exit(0)), leaves()]);
    Ok(())
}

/// Fault 3.
async fn put_reset(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let [from, there] = ["from", "there"].map(|name| world.file(name).display().to_string());
    // More than the buffers of the connection.
    tokio::fs::File::create(&from).await?.set_len(256 << 20).await?;
    let proxy = Proxy::to(&world.ssh).await?;
    let mut process = Process::tool(sftp(proxy.address(), &NAMED))?;
    let mut stdin = process.stdin.take().ok_or("no input")?;
    stdin.write_all(format!("put {from} {there}\n").as_bytes()).await?;
    world.agent_says("ssh session started").await?;
    proxy.break_all(Break::Reset);
    let ended = world.tool_ended(process).await?;
    world.check(!ended.success(), || format!("sftp ended with {ended}"));
    is_over(world).await?;
    let reset = |site: Site| site.fault("network_error", "network").cause("reset");
    world.want([DIRECT.agent_session("sftp", reset), DIRECT.line(reset(AGENT_SSH))]);
    Ok(())
}
