//! The messages for the user of each client, and the ways to leave a client.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal::{SIGKILL, SIGTERM};

use super::builds::{agent_stopped, managed, stopped};
use super::client::{DIRECT, RELAYED, disconnects, left};
use crate::browser::Browser;
use crate::end::Site;
use crate::process::{Failure, Process};
use crate::sites::{AGENT_ATTACHED, AGENT_SSH, AGENT_TERMINAL, CLIENT_COORDINATION};
use crate::tools::{Tool, ssh};
use crate::world::{World, agent_leaves};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("openssh-stop", "a workspace is stopped under OpenSSH, which tells its user", |w| Box::pin(openssh_stop(w))).needs(&[Tool::Ssh]),
    scenario("openssh-shutdown", "SIGTERM of the agent under OpenSSH, which tells its user", |w| Box::pin(openssh_shutdown(w))).needs(&[Tool::Ssh]),
    scenario("browser-stop", "a workspace is stopped under a page in Chromium, which shows it", |w| Box::pin(browser_stop(w))).needs(&[Tool::Chromium]),
    scenario("browser-token", "a page in Chromium with the wrong token", |w| Box::pin(browser_token(w))).needs(&[Tool::Chromium]),
    scenario("client-tilde-dot", "`~.` is typed into our client", |w| Box::pin(tilde_dot(w))),
    scenario("client-quick", "SIGTERM of a client whose server and agent are frozen", |w| Box::pin(quick(w))),
    scenario("hangup", "a command hears that its client has left", |w| Box::pin(hangup(w, "echo saved > \"$SAVED\"; exit"))),
    scenario("hangup-ignored", "a command does not want to hear that its client has left", |w| Box::pin(hangup(w, ":"))),
    scenario("host-key", "the agent's host key is the same at its next start", |w| Box::pin(host_key(w))).needs(&[Tool::Ssh]),
];

async fn start(world: &mut World) -> Result<Process, Failure> {
    let process = Process::tool(ssh(&world.ssh, &["-o", "SetEnv=CLIENT_SESSION_ID=c1"], &["cat"]))?;
    world.agent_says("ssh session started").await?;
    Ok(process)
}

/// The reason, the initiator, and whether the connection comes back.
async fn openssh_stop(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut process = start(world).await?;
    world.manage("stop").await?;
    process.stderr.until("the workspace was stopped by initiator (build 1); it can be started again").await?;
    world.tool_ended(process).await?;
    world.want(managed());
    world.want(agent_stopped(1, "stop"));
    let stopped = stopped(1, "stop");
    world.want([DIRECT.agent_session("exec", &stopped), DIRECT.line(stopped(AGENT_SSH))]);
    world.end_agent(SIGTERM).await?;
    Ok(())
}

async fn openssh_shutdown(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut process = start(world).await?;
    world.end_agent(SIGTERM).await?;
    process.stderr.until("the agent is shutting down; try again when it is back").await?;
    world.tool_ended(process).await?;
    world.want(agent_leaves());
    let shutdown = |site: Site| site.normal("server_shutdown", "agent");
    world.want([DIRECT.agent_session("exec", shutdown), DIRECT.line(shutdown(AGENT_SSH))]);
    Ok(())
}

async fn browser_stop(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let url = format!("http://{}/#t1.{}", world.terminal, world.place.token());
    let mut browser = Browser::open(&world.place, &url).await?;
    browser.shows("status", "connected").await?;
    browser.press("echo $((6 * 7))\r").await?;
    browser.shows("screen", "42").await?;
    world.manage("stop").await?;
    browser.shows("status", "the workspace was stopped by initiator (build 1); it can be started again").await?;
    browser.screenshot("stopped").await?;
    world.want(managed());
    world.want(agent_stopped(1, "stop"));
    let stopped = stopped(1, "stop");
    world.want([AGENT_TERMINAL, AGENT_ATTACHED].map(|site| stopped(site).by("direct")));
    world.end_agent(SIGTERM).await?;
    Ok(())
}

/// The connection never came up, so there is no disconnect. The page shows possible causes.
async fn browser_token(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let url = format!("http://{}/#t1.0123456789abcdef", world.terminal);
    let mut browser = Browser::open(&world.place, &url).await?;
    browser.shows("status", "there is no terminal: is the token right?").await?;
    browser.screenshot("token").await
}

/// The user leaves, whatever runs in the session.
async fn tilde_dot(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut typist = world.client_under_terminal(DIRECT.id, "ssh")?;
    world.agent_says("ssh session started").await?;
    typist.press("echo $((6 * 7)); sleep 600\r")?;
    typist.screen.until("42").await?;
    typist.press("~.")?;
    let mut screen = typist.screen.clone();
    let status = world.typist_ended(typist).await?;
    world.check(status == 255, || format!("the client ended with {status}"));
    screen.until("workspace: closed from this side").await?;
    world.want(DIRECT.session("shell", left));
    world.want(DIRECT.leaves());
    Ok(())
}

/// The agent does not answer, and the user does not wait for it.
async fn quick(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let process = RELAYED.cat(world, &[]).await?;
    world.freeze_server().await?;
    world.freeze_agent().await?;
    let begun = Instant::now();
    process.signal(SIGTERM)?;
    world.ended(process).await?;
    let took = begun.elapsed();
    // It takes a second, and on a loaded machine longer. A client that waits for an answer takes five.
    world.check(took < Duration::from_secs(4), || format!("the client took {took:?}"));
    world.tell("closed from this side");
    world.want([RELAYED.client_session("exec", left), RELAYED.line(left(crate::sites::CLIENT_SSH))]);
    world.want([left(CLIENT_COORDINATION).cause("deadline").warns().client(RELAYED.id)]);
    world.settle().await;
    world.end_agent(SIGKILL).await?;
    world.kill_server(3).await
}

/// SIGHUP comes first. A process that does not end is killed.
async fn hangup(world: &mut World, trap: &str) -> Result<(), Failure> {
    world.start().await?;
    let saved = world.file("saved");
    let command = format!("SAVED='{}'; trap '{trap}' HUP; echo ready; while :; do sleep 0.1; done", saved.display());
    let mut process = world.client(DIRECT.id, DIRECT.route, "ssh", &[], &[&command])?;
    process.stdout.until("ready").await?;
    let pid = world.agent_says("ssh session started").await?.text("pid");
    process.signal(SIGTERM)?;
    world.ended(process).await?;
    world.tell("closed from this side");
    world.want(DIRECT.session("exec", left));
    world.want(DIRECT.leaves());
    world.settle().await;
    world.want(agent_leaves());
    world.end_agent(SIGTERM).await?;
    world.check(trap == ":" || saved.exists(), || "the command was killed without a word".to_owned());
    world.check(!std::path::Path::new(&format!("/proc/{pid}")).exists(), || "the command lives on".to_owned());
    Ok(())
}

/// A client recognizes an agent that it knows.
async fn host_key(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let known = world.file("known_hosts").display().to_string();
    let known = format!("UserKnownHostsFile={known}");
    for strictness in ["StrictHostKeyChecking=accept-new", "StrictHostKeyChecking=yes"] {
        // The first value of an option counts.
        let options = ["-o", &known, "-o", strictness, "-o", "HostKeyAlias=dev", "-o", "SetEnv=CLIENT_SESSION_ID=c1"];
        let mut process = Process::tool(crate::tools::ssh_with(&world.ssh, &options, &["exit", "0"]))?;
        let said = process.stderr.all().await;
        let ended = world.tool_ended(process).await?;
        world.check(ended.success(), || format!("ssh with {strictness} ended with {ended}: {said}"));
        world.agent_says(AGENT_SSH.message).await?;
        let [session, _] = DIRECT.exits(0);
        world.want([session, DIRECT.line(disconnects(AGENT_SSH))]);
        world.end_agent(SIGTERM).await?;
        world.want(agent_leaves());
        let url = world.url().to_owned();
        world.start_agent(&url, &[]).await?;
    }
    Ok(())
}
